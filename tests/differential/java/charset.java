public class Main {
    public static void main(String[] args) throws Exception {
        System.out.println(java.nio.charset.Charset.defaultCharset() + " " + java.util.Locale.getDefault() + " " + java.util.TimeZone.getDefault().getID());
        System.out.println("ünïcode \u4e2d \ud83d\ude00 \ud800");
        System.out.printf("%,.2f %tY%n", 1234567.891, new java.util.GregorianCalendar(2020, 1, 1));
    }
}
