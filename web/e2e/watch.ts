import type { BrowserContext } from "@playwright/test";

/** Everything that no test may see: a foreign host asked, the page's policy broken, an error told. */
export class Watch {
  readonly wrong: string[] = [];
  private readonly expected: RegExp[] = [];

  constructor(private readonly origin: string) {}

  /** What belongs to the trouble that a test makes: the browser tells of requests that fail. */
  expect(...told: RegExp[]): void {
    this.expected.push(...told);
  }

  async over(context: BrowserContext): Promise<void> {
    await context.addInitScript(() => {
      document.addEventListener("securitypolicyviolation", (event) =>
        console.error(`policy broken: ${event.violatedDirective} by ${event.blockedURI}`),
      );
    });
    context.on("request", (request) => this.asked(request.url()));
    context.on("response", (answer) => {
      if (answer.status() >= 500) this.tell(`${answer.status()} from ${answer.url()}`);
    });
    context.on("console", (message) => {
      if (message.type() === "error") this.tell(message.text());
    });
    context.on("weberror", (error) => this.tell(String(error.error())));
    context.on("page", (page) => page.on("websocket", (socket) => this.asked(socket.url())));
  }

  private asked(url: string): void {
    const { protocol, host } = new URL(url);
    if (protocol === "data:" || protocol === "blob:") return;
    if (host !== new URL(this.origin).host) this.wrong.push(`a foreign host was asked: ${url}`);
  }

  private tell(text: string): void {
    if (!this.expected.some((pattern) => pattern.test(text))) this.wrong.push(text);
  }
}
