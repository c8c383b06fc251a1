// Prints the names that require() and import() give.
const required = Object.keys(require('connect-pg-typed'));
const admin = Object.keys(require('connect-pg-typed/admin'));

void Promise.all([import('connect-pg-typed'), import('connect-pg-typed/admin')]).then(([imported, importedAdmin]) => {
  const named = Object.keys(importedAdmin).filter((name) => name !== 'default' && name !== 'module.exports');
  console.log(JSON.stringify({ require: required, import: Object.keys(imported), admin: [admin, named] }));
});
