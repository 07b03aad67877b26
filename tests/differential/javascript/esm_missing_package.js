import absent from 'absent-package';
console.log(absent);
