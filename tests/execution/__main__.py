"""`python -m tests.execution --examples 1000000`: the differential test, as long as one likes."""

import argparse
import asyncio
import os
import sys
import time
import warnings
from collections import Counter
from concurrent.futures import ProcessPoolExecutor

from tests.execution.fuzzing import Different, many

CHUNK = 5_000  # examples of one task; then the workers report


def chunk(seed: int, count: int) -> Counter[str]:
    """One task of a worker."""
    warnings.simplefilter("ignore")
    return asyncio.run(many(seed, count))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--examples", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=0, help="of the first chunk")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    given = parser.parse_args()
    chunks = -(-given.examples // CHUNK)
    start, counts = time.monotonic(), Counter[str]()
    with ProcessPoolExecutor(given.workers) as pool:
        seeds = range(given.seed, given.seed + chunks)
        try:
            for number, done in enumerate(pool.map(chunk, seeds, [CHUNK] * chunks), 1):
                counts += done
                if number % 20 == 0 or number == chunks:
                    seconds = time.monotonic() - start
                    sys.stdout.write(f"{seconds:.0f} s: {dict(counts)}\n")
                    sys.stdout.flush()
        except Different as error:
            pool.shutdown(wait=False, cancel_futures=True)
            sys.exit(str(error))


if __name__ == "__main__":
    main()
