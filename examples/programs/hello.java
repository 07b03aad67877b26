import java.util.stream.Collectors;
import java.util.stream.IntStream;

class Hello {
    public static void main(String[] args) {
        String squares = IntStream.range(0, 10).mapToObj(n -> "" + n * n).collect(Collectors.joining(" "));
        System.out.println("Java " + System.getProperty("java.version") + " says hello; the squares are " + squares);
    }
}
