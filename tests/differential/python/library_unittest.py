import unittest


class Case(unittest.TestCase):
    def test_good(self):
        self.assertEqual(1, 1)

    def test_exit(self):
        with self.assertRaises(SystemExit):
            raise SystemExit(3)


if __name__ == "__main__":
    print(unittest.defaultTestLoader.loadTestsFromName("__main__").countTestCases())
    result = unittest.TextTestRunner(stream=open("/dev/null", "w")).run(unittest.defaultTestLoader.loadTestsFromTestCase(Case))
    print(result)
    unittest.main(argv=["main.py", "Missing"], exit=True)
