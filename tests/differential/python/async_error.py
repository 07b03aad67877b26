import asyncio


async def fail():
    await asyncio.sleep(0)
    raise ValueError("in a task")


async def main():
    task = asyncio.ensure_future(fail())
    await asyncio.sleep(0.01)
    await task


asyncio.run(main())
