public class Main {
    static class Late {
        static {
            System.out.println("late");
        }
    }

    public static void main(String[] args) throws Exception {
        Class<?> self = Main.class;
        System.out.println(self.getClassLoader().getName() + " " + self.getClassLoader().getClass());
        System.out.println(self.getProtectionDomain().getCodeSource().getLocation());
        System.out.println(self.getResource("Main.class") + " " + ClassLoader.getSystemResource("Main.class"));
        System.out.println(Thread.currentThread().getContextClassLoader() == ClassLoader.getSystemClassLoader());
        System.out.println(Class.forName("Main$Late").getName() + " " + self.getModule() + " " + self.getPackage());
        try {
            Class.forName("KilnJavac");
        } catch (ClassNotFoundException e) {
            System.out.println(e);
        }
    }
}
