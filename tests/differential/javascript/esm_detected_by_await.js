const { sep } = await import('path');
console.log(sep, typeof module, this);
