import runpy
import sys
import zipfile

with zipfile.ZipFile("app.zip", "w") as archive:
    archive.writestr("__main__.py", "import inside; print(__name__, inside.VALUE, inside.__loader__.archive == 'app.zip')")
    archive.writestr("inside.py", "VALUE = 3")
runpy.run_path("app.zip", run_name="__main__")
sys.path.insert(0, "app.zip")
import inside

print(inside.__file__)
print([key for key in sys.path_importer_cache if "app.zip" in key])
