public class Main {
    public static void main(String[] args) throws Exception {
        Thread.setDefaultUncaughtExceptionHandler((thread, e) -> System.out.println(thread.getName() + " " + e));
        throw new Error("handled");
    }
}
