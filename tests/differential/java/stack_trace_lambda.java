public class Main {
    public static void main(String[] args) throws Exception {
        Runnable task = () -> new Throwable("here").printStackTrace();
        task.run();
        java.util.stream.Stream.of(1).forEach(x -> Thread.dumpStack());
    }
}
