const later = (value, delayMs) => new Promise((resolve) => setTimeout(resolve, delayMs, value));

async function main() {
  const counts = new Map();
  for (const word of "to be or not to be".split(" ")) {
    counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  const values = await Promise.all([later("slow", 20), later("fast", 1)]);
  console.log(values.join(" "));
  console.log(JSON.stringify([...counts]));
  console.log(Object.groupBy([1, 2, 3, 4], (n) => (n % 2 ? "odd" : "even")).even);
}

main();
