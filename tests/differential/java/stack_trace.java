public class Main {
    public static void main(String[] args) throws Exception {
        for (StackTraceElement element : new Throwable().getStackTrace()) {
            System.out.println(element);
        }
        for (StackTraceElement element : Thread.currentThread().getStackTrace()) {
            System.out.println(element);
        }
        StackWalker.getInstance(java.util.Set.of(StackWalker.Option.SHOW_HIDDEN_FRAMES)).forEach(System.out::println);
    }
}
