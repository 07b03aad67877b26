import java.util.List;

sealed interface Shape permits Circle, Square {}

record Circle(double radius) implements Shape {}

record Square(double side) implements Shape {}

class Shapes {
    public static void main(String[] args) {
        for (Shape shape : List.of(new Circle(1), new Square(2))) {
            System.out.println(shape + " " + shape.hashCode());
        }
        System.out.println(switch (args.length) {
            case 0 -> "none";
            default -> "some";
        });
    }
}
