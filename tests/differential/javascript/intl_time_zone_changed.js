const date = new Date(86400000 * 200);
console.log(date.getHours(), date.getTimezoneOffset());
for (const zone of ['Europe/Prague', 'America/New_York', 'Asia/Kolkata', 'Nowhere/None']) {
  process.env.TZ = zone;
  console.log(zone, date.toString(), date.getTimezoneOffset(), Intl.DateTimeFormat().resolvedOptions().timeZone);
}
delete process.env.TZ;
console.log(date.toString());
