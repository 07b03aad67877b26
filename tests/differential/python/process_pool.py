from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
import multiprocessing


def square(number):
    return number * number


if __name__ == "__main__":
    for method in ("fork", "spawn", "forkserver"):
        with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context(method)) as pool:
            print(method, list(pool.map(square, range(8))))
    with ThreadPoolExecutor(4) as pool:
        print(sum(pool.map(square, range(100))))
    queue = multiprocessing.Queue()
    process = multiprocessing.Process(target=queue.put, args=({"answer": 42},))
    process.start()
    print(queue.get(), process.join(), process.exitcode, multiprocessing.active_children())
