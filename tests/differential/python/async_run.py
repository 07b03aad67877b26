import asyncio
import contextvars

variable = contextvars.ContextVar("variable", default=0)


async def child(n):
    variable.set(n)
    await asyncio.sleep(0.01 * n)
    print("child", n, variable.get())
    return n


async def main():
    print(await asyncio.gather(*(child(n) for n in (2, 1, 0))))
    print(variable.get(), type(asyncio.get_running_loop()).__name__, asyncio.current_task().get_name() != "")
    process = await asyncio.create_subprocess_exec("echo", "from a child", stdout=asyncio.subprocess.PIPE)
    print(await process.communicate(), process.returncode)


asyncio.run(main())
print(list(contextvars.copy_context()))
