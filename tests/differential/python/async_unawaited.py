import asyncio


async def forgotten():
    print("never")


forgotten()


async def main():
    asyncio.get_running_loop().call_soon(lambda: 1 / 0)
    await asyncio.sleep(0.01)


asyncio.run(main())
