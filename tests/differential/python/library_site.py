import site
import sys
import sysconfig

print(site.ENABLE_USER_SITE, site.USER_SITE, site.USER_BASE, site.PREFIXES, site.getsitepackages(), site.getusersitepackages())
print(sorted(name for name in vars(site) if not name.startswith("__")))
print(sysconfig.get_path("stdlib"), sysconfig.get_path("purelib"), sysconfig.get_config_var("EXT_SUFFIX"), sysconfig.get_platform())
print(sys.modules["site"].__file__)
