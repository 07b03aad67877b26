// Nothing of the file that waited can be loaded by a name it might have had in a cache.
for (const name of ['standby.cjs', './standby.cjs', 'standby']) {
  try {
    console.log(require.resolve(name));
  } catch (error) {
    console.log(error.code, error.requireStack);
  }
}
