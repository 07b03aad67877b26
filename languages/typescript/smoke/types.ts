import { createHash } from "node:crypto";

type Shape = { kind: "circle"; radius: number } | { kind: "square"; side: number };

abstract class Named<T> {
  readonly items: T[] = [];
  abstract describe(item: T): string;
  add(item: T): this {
    this.items.push(item);
    return this;
  }
}

class Shapes extends Named<Shape> {
  override describe(item: Shape): string {
    return item.kind === "circle" ? `circle of ${item.radius}` : `square of ${item.side}`;
  }
}

const shapes = new Shapes().add({ kind: "circle", radius: 2 }).add({ kind: "square", side: 3 });
for (const shape of shapes.items satisfies Shape[]) console.log(shapes.describe(shape));
console.log(await Promise.resolve(createHash("sha1").update("kiln").digest("hex").length));
