import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * What programs commonly use, for the compiler to load its classes for: this is compiled while the archive of loaded
 * classes is written, and never run.
 */
public class Training {
    sealed interface Shape permits Circle, Square {}

    record Circle(double radius) implements Shape {}

    record Square(double side) implements Shape {}

    enum Colour {
        RED,
        GREEN {
            @Override
            int weight() {
                return 2;
            }
        };

        int weight() {
            return 1;
        }
    }

    abstract static class Base<T extends Comparable<T>> {
        protected final List<T> items = new ArrayList<>();

        abstract T best() throws IOException;
    }

    static final class Best<T extends Comparable<T>> extends Base<T> implements AutoCloseable {
        @Override
        T best() throws IOException {
            if (items.isEmpty()) {
                throw new IOException("nothing " + items.size());
            }
            T best = items.get(0);
            for (T item : items) {
                best = item.compareTo(best) > 0 ? item : best;
            }
            return best;
        }

        @Override
        public void close() {}
    }

    static double area(Shape shape) {
        if (shape instanceof Circle circle) {
            return Math.PI * circle.radius() * circle.radius();
        }
        return shape instanceof Square square ? square.side() * square.side() : 0;
    }

    static int days(String month) {
        return switch (month) {
            case "february" -> 28;
            case "april", "june" -> 30;
            default -> {
                int days = 31;
                yield days;
            }
        };
    }

    public static void main(String[] args) {
        Map<String, List<Integer>> groups = new HashMap<>();
        for (int i = 0; i < 10; i++) {
            groups.computeIfAbsent(i % 2 == 0 ? "even" : "odd", key -> new ArrayList<>()).add(i);
        }
        Function<Integer, Integer> twice = x -> x * 2;
        String joined = IntStream.range(0, 5).boxed().map(twice).map(String::valueOf).collect(Collectors.joining(", "));
        var text = """
                several
                lines""";
        StringBuilder builder = new StringBuilder(text).append(joined);
        int[][] grid = new int[3][3];
        long sum = 0;
        outer:
        while (true) {
            for (int[] row : grid) {
                for (int cell : row) {
                    sum += cell;
                    if (sum >= 0) {
                        break outer;
                    }
                }
            }
        }
        try (Best<String> best = new Best<>()) {
            best.items.add("a");
            System.out.printf("%s %s %d%n", best.best(), builder, sum);
        } catch (IOException | IllegalStateException e) {
            System.err.println(e.getMessage());
        } finally {
            assert sum == 0 : "sum";
        }
        Runnable task = new Runnable() {
            @Override
            public void run() {
                switch (Colour.RED) {
                    case RED:
                        System.out.println(Optional.of(area(new Circle(1))).orElse(0.0));
                        break;
                    default:
                        System.out.println(days("june"));
                }
            }
        };
        new Thread(task).start();
        do {
            sum ^= 1L << 3;
        } while (sum != 8 && !groups.isEmpty());
    }
}
