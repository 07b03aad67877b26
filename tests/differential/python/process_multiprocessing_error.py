import multiprocessing


def fail():
    raise ValueError("in a child process")


if __name__ == "__main__":
    child = multiprocessing.get_context("fork").Process(target=fail)
    child.start()
    child.join()
    print(child.exitcode, multiprocessing.get_start_method(), multiprocessing.active_children())
