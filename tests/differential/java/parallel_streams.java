import java.util.stream.IntStream;

public class Main {
    public static void main(String[] args) throws Exception {
        System.out.println(IntStream.range(0, 1000000).parallel().mapToLong(x -> x).sum());
        System.out.println(Runtime.getRuntime().availableProcessors() + " " + java.util.concurrent.ForkJoinPool.commonPool().getParallelism());
    }
}
