import concurrent.futures
import multiprocessing


def cube(x):
    return x ** 3


if __name__ == "__main__":
    with concurrent.futures.ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as executor:
        print(list(executor.map(cube, range(4))))
    with concurrent.futures.ThreadPoolExecutor(4) as executor:
        print(sorted(future.result() for future in concurrent.futures.as_completed([executor.submit(cube, n) for n in range(4)])))
        failed = executor.submit(cube, "x")
    print(failed.exception())
