public class Main {
    public static void main(String[] args) throws Exception {
        String[] names = new java.io.File("/tmp").list();
        System.out.println(names.length + " " + String.join(" ", names));
        String[] built = new java.io.File("/build").list();
        java.util.Arrays.sort(built);
        System.out.println(String.join(" ", built));
    }
}
