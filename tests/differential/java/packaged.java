package some.place;

public class Anything {
    public static void main(String[] args) {
        System.out.println(Anything.class.getName() + " " + Anything.class.getPackage());
        throw new RuntimeException("in a package");
    }
}
