# kiln: {"files": {"helper.py": "import traceback\ntraceback.print_stack()\nimport sys\nframe = sys._getframe()\nwhile frame:\n    print(frame.f_code.co_name, frame.f_code.co_filename)\n    frame = frame.f_back\n"}}
import helper
