#!/usr/bin/env python3
"""delay.py MS LOSS HOST PORT: standard input and output to a port, each byte MS later: a line of 2·MS round trip
where the kernel has no netem. LOSS percent of what is sent is as if its packet had been lost: TCP sends it again
after a round trip and 200 ms, and what comes behind it waits."""
import asyncio, random, sys

RESENT_S = 0.2


async def way(reader, write):
    queue = asyncio.Queue()

    async def later():
        while True:
            due, data = await queue.get()
            await asyncio.sleep(max(0, due - asyncio.get_running_loop().time()))
            if not data:
                return
            write(data)

    task = asyncio.create_task(later())
    there, lost = float(sys.argv[1]) / 1000, float(sys.argv[2]) / 100
    while True:
        data = await reader.read(65536)
        more = 2 * there + RESENT_S if random.random() < lost else 0
        queue.put_nowait((asyncio.get_running_loop().time() + there + more, data))
        if not data:
            return await task


async def main():
    loop = asyncio.get_running_loop()
    reader, writer = await asyncio.open_connection(sys.argv[3], int(sys.argv[4]))
    stdin = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(stdin), sys.stdin)

    def out(data):
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()

    await asyncio.wait([asyncio.create_task(way(stdin, writer.write)), asyncio.create_task(way(reader, out))],
                       return_when=asyncio.FIRST_COMPLETED)


asyncio.run(main())
