const { locale, timeZone, calendar, numberingSystem } = Intl.DateTimeFormat().resolvedOptions();
console.log(locale, timeZone, calendar, numberingSystem, navigator.language, navigator.languages);
console.log((1234567.891).toLocaleString(), new Date(0).toLocaleString(), ['z', '\u00e4', 'a'].sort(new Intl.Collator().compare), new Date(0).toString());
