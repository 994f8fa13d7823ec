import { randomUUID } from "node:crypto";

import { command, readyOf, type Ready } from "./process";
import type { Goods } from "./goods";

export type ClientName = "partner" | "operator" | "readonly" | "other";

export interface Fault {
  operation: string;
  fault: string;
  times?: number;
  delay_ms?: number;
  match?: { sku?: string };
}

/** An order as a simulator's ledger has it. */
export interface Delivered {
  reference: string;
  sku: string;
  quantity: number;
  status: string;
  vouchers: { code: string | null; pin: string | null; claimUrl: string | null }[];
}

const BUY = `mutation ($input: OrderPlaceInput!) {
  orderPlace(input: $input) { order { id reference } problems { message } } }`;
const FILL = `mutation ($lines: [CartLineInput!]!) {
  cartCreate(input: { lines: $lines }) { cart { id } problems { message } } }`;
const FIND = `query ($provider: [String!], $search: String) {
  products(first: 100, filter: { provider: $provider, search: $search }) { nodes { id sku } } }`;
const REVEAL = `query ($id: ID!) {
  order(by: { id: $id }) { vouchers(first: 10) { nodes { code pin claimUrl } } } }`;
const PAUSE = `mutation ($input: ProviderPauseInput!) {
  providerPause(input: $input) { problems { message } } }`;
const RESUME = `mutation ($input: ProviderResumeInput!) {
  providerResume(input: $input) { problems { message } } }`;
const AUDITED = `query { auditEvents(first: 1) { nodes { action purpose fields subject } } }`;

// Seconds in which no test ends.
const LATER = 600;
const USUAL = {
  instant: true,
  delivery_seconds: 2,
  partial_seconds: null,
  clock_offset_seconds: 0,
};

/** The running service of a worker, asked beside the browser, and what plays its providers. */
export class Service {
  private readonly faulty = new Set<string>();
  private readonly changed = new Set<string>();
  private readonly paused = new Set<string>();

  private constructor(
    readonly directory: string,
    readonly ready: Ready,
  ) {}

  static async ofWorker(index: number): Promise<Service> {
    const directory = (JSON.parse(process.env.E2E_SERVICES!) as string[])[index]!;
    return new Service(directory, await readyOf(directory));
  }

  get origin(): string {
    return new URL(this.ready.graphql).origin;
  }

  /** What a client is answered; an error is thrown. */
  async ask<Data>(
    client: ClientName,
    query: string,
    variables: object = {},
    more: Record<string, string> = {},
  ): Promise<Data> {
    const { key, secret } = this.ready.clients[client]!;
    const answer = await fetch(this.ready.graphql, {
      method: "POST",
      headers: {
        "Content-Type": "application/json",
        "X-API-Key": key,
        "X-API-Secret": secret,
        ...more,
      },
      body: JSON.stringify({ query, variables }),
    });
    const { data, errors } = (await answer.json()) as { data: Data; errors?: unknown };
    if (errors) throw new Error(JSON.stringify(errors));
    return data;
  }

  /** The id of a product, which is another one in each installation. */
  async idOf({ provider, sku, name }: Goods): Promise<string> {
    type Found = { products: { nodes: { id: string; sku: string }[] } };
    const search = { provider: [provider], search: name };
    const { products } = await this.ask<Found>("partner", FIND, search);
    return products.nodes.find((node) => node.sku === sku)!.id;
  }

  /** Orders without the browser. */
  async buy(goods: Goods, quantity = 1): Promise<{ id: string; reference: string }> {
    type Filled = { cartCreate: { cart: { id: string } } };
    type Bought = { orderPlace: { order: { id: string; reference: string } } };
    const line = { productId: await this.idOf(goods), faceValue: goods.faceValue, quantity };
    const { cartCreate } = await this.ask<Filled>("partner", FILL, { lines: [line] });
    const input = { cartId: cartCreate.cart.id, idempotencyKey: randomUUID() };
    return (await this.ask<Bought>("partner", BUY, { input })).orderPlace.order;
  }

  /** Opens an order's vouchers without the browser. */
  async reveal(id: string, purpose: string): Promise<void> {
    await this.ask("partner", REVEAL, { id }, { "X-Purpose": purpose });
  }

  /** The newest row of the account's audit chain. */
  async audited(): Promise<{ action: string; purpose: string | null; fields: string[] }> {
    type Rows = {
      auditEvents: { nodes: { action: string; purpose: string | null; fields: string[] }[] };
    };
    return (await this.ask<Rows>("partner", AUDITED)).auditEvents.nodes[0]!;
  }

  async ledger(provider: string): Promise<Delivered[]> {
    return (await this.simulator(provider, "GET", "ledger")) as Delivered[];
  }

  /** Faults in force at a provider until the test ends. */
  async break(provider: string, ...faults: Fault[]): Promise<void> {
    this.faulty.add(provider);
    await this.simulator(provider, "PUT", "faults", { faults });
  }

  async mend(provider: string): Promise<void> {
    this.faulty.delete(provider);
    await this.simulator(provider, "PUT", "faults", { faults: [] });
  }

  /** What is ordered at these providers is delivered once `pass` is called. */
  async holdBack(...providers: string[]): Promise<void> {
    const later = { instant: false, delivery_seconds: LATER };
    await Promise.all(providers.map((provider) => this.set(provider, later)));
  }

  /** What a provider delivers in part is given up once `pass` is called. */
  async holdRest(provider: string): Promise<void> {
    await this.set(provider, { partial_seconds: LATER });
  }

  /** An operator stops buying at a provider until the test ends. */
  async pause(provider: string): Promise<void> {
    this.paused.add(provider);
    await this.ask("operator", PAUSE, { input: { provider, reason: "A test" } });
  }

  /** What these providers were to do later is done now. */
  async pass(...providers: string[]): Promise<void> {
    const moved = { clock_offset_seconds: LATER };
    await Promise.all(providers.map((provider) => this.set(provider, moved)));
  }

  private async set(provider: string, settings: Record<string, unknown>): Promise<void> {
    this.changed.add(provider);
    await this.simulator(provider, "PUT", "settings", settings);
  }

  /** Reads all catalogs anew, as the command line does; a provider listed in `away` is not there. */
  async readCatalogs({ away }: { away?: "starship" } = {}): Promise<string> {
    const nobody = {
      STARSHIP_BASE_URL: "http://127.0.0.1:9",
      STARSHIP_API_KEY: "nobody",
      STARSHIP_API_SECRET: "nobody",
    };
    return command(this.directory, ["catalog", "refresh"], away ? nobody : {});
  }

  /** Providers as they were before the test. */
  async heal(): Promise<void> {
    await Promise.all([
      ...[...this.faulty].map((provider) => this.mend(provider)),
      ...[...this.changed].map((provider) => this.set(provider, USUAL)),
      ...[...this.paused].map((provider) => this.ask("operator", RESUME, { input: { provider } })),
    ]);
  }

  private async simulator(provider: string, method: string, path: string, body?: object) {
    const answer = await fetch(`${this.ready.simulators[provider]}/_sim/${path}`, {
      method,
      ...(body && { body: JSON.stringify(body) }),
    });
    if (!answer.ok) throw new Error(await answer.text());
    return (await answer.json()) as unknown;
  }
}
