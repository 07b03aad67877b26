public class Main {
    private void hidden() {
        System.out.println("hidden");
    }

    public static void main(String[] args) throws Exception {
        System.out.println(java.lang.reflect.Modifier.toString(Main.class.getModifiers()));
        Object made = Main.class.getDeclaredConstructor().newInstance();
        Main.class.getDeclaredMethod("hidden").invoke(made);
        try {
            String.class.getDeclaredField("value").setAccessible(true);
        } catch (RuntimeException e) {
            System.out.println(e.getClass());
        }
    }
}
