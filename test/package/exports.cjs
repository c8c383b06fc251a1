// What the package gives to require() and to import().
const required = Object.keys(require('connect-pg-typed'));

void import('connect-pg-typed').then((imported) =>
  console.log(JSON.stringify({ require: required, import: Object.keys(imported) })),
);
