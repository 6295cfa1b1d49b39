// For Servlet 5 and newer (Tomcat 10, Jetty 11): sed -i s/javax.servlet/jakarta.servlet/ SamlgateFilter.java
import java.io.IOException;
import java.net.URI;
import java.net.http.*;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.*;
import java.security.spec.X509EncodedKeySpec;
import java.time.Duration;
import java.time.Instant;
import java.util.*;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import javax.servlet.*;
import javax.servlet.http.*;

/**
 * Tells a servlet app who is there, and lets nobody else in.
 *
 * <p>samlgate signs every request of a signed-in person (RFC 9421). This filter verifies the
 * signature and refuses whatever does not come from the gateway, was meant for another app, path or
 * time, or carries an identity header that is not signed. Java 17.0.3 or newer, nothing else. Map it
 * to {@code /*}, before all other filters. Its parameters:
 *
 * <ul>
 *   <li>{@code audience}: of the route; {@code authorities}: the hosts of the app, with commas
 *   <li>{@code jwks}: file or https URL with the gateway's keys
 *   <li>{@code secrets}: for hmac-sha256, {@code id=text of the key file}, with blanks
 *   <li>{@code headers}: {@code email=X-Auth-Email, roles=X-Auth-Roles, …} if they are named otherwise
 *   <li>{@code managed}: further headers that only the gateway sets, with commas
 *   <li>{@code separator}: between roles, a comma if absent
 * </ul>
 *
 * <p>The app finds the person in {@code getRemoteUser()} (the e-mail address), {@code isUserInRole()}, and
 * in the request attribute {@code samlgate.identity}, a {@code Map<String, String>}.
 *
 * <p>Replays: without {@link #seen} a request that somebody overheard is accepted again until it
 * expires, about a minute and a half.
 */
public class SamlgateFilter implements Filter {
  private static final String HEADERS = "email=X-Auth-Email,first_name=X-Auth-First-Name,last_name=X-Auth-Last-Name,"
      + "roles=X-Auth-Roles,employee_id=X-Auth-Employee-Id"; // as the gateway calls them unless it is told otherwise
  private static final List<String> MANAGED = List.of("X-Auth-Email", "X-Auth-First-Name", "X-Auth-Last-Name",
      "X-Auth-Roles", "X-Auth-Employee-Id", "X-Auth-Assertion", "X-Auth-Audience", "Remote-User", "X-Remote-User",
      "X-Forwarded-User", "X-Forwarded-Email", "X-Forwarded-Groups",
      "X-WEBAUTH-USER", "X-WEBAUTH-GROUPS", "Remote-Groups");
  private static final List<String> REQUIRED = List.of("@method", "@authority", "@path", "@query", "x-auth-audience");
  private static final String EMPTY = "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:"; // Content-Digest of no body
  private static final long SKEW = 30, LONGEST = 300; // seconds

  private final Map<String, String> headers = new LinkedHashMap<>(); // what → header in lower case
  private final Set<String> managed = new HashSet<>(); // normal forms
  private List<String> authorities;
  private String audience;
  private String separator;
  private Keys keys;
  private ServletContext context;

  /** Why a request is refused. It holds no value of the request. */
  private static class Refused extends Exception {
    private static final long serialVersionUID = 1L;

    Refused(String reason) {
      super(reason);
    }
  }

  /** Override it to remember nonces, for all processes of the app: true for one that it had before. */
  protected boolean seen(String nonce, long expires) {
    return false;
  }

  @Override
  public void init(FilterConfig config) throws ServletException {
    context = config.getServletContext();
    audience = config.getInitParameter("audience");
    authorities = list(config, "authorities", ",");
    authorities.replaceAll(a -> a.toLowerCase(Locale.ROOT));
    if (audience == null || audience.isEmpty() || authorities.isEmpty()) {
      throw new ServletException("samlgate: an audience and a list of authorities are required");
    }
    separator = config.getInitParameter("separator") == null ? "," : config.getInitParameter("separator");
    List<String> named = list(config, "headers", ",");
    for (String pair : named.isEmpty() ? List.of(HEADERS.split(",")) : named) {
      headers.put(pair.substring(0, pair.indexOf('=')), pair.substring(pair.indexOf('=') + 1).toLowerCase(Locale.ROOT));
    }
    MANAGED.forEach(name -> managed.add(normal(name)));
    headers.values().forEach(name -> managed.add(normal(name)));
    list(config, "managed", ",").forEach(name -> managed.add(normal(name)));
    keys = new Keys(config.getInitParameter("jwks"), list(config, "secrets", " "));
  }

  private static List<String> list(FilterConfig config, String parameter, String separator) {
    List<String> all = new ArrayList<>();
    String value = config.getInitParameter(parameter);
    for (String part : value == null ? new String[0] : value.split(separator)) {
      if (!part.isBlank()) {
        all.add(part.strip());
      }
    }
    return all;
  }

  @Override
  public void destroy() {}

  @Override
  public void doFilter(ServletRequest r, ServletResponse w, FilterChain chain) throws IOException, ServletException {
    HttpServletRequest request = (HttpServletRequest) r;
    Map<String, String> person;
    try {
      person = verify(request);
    } catch (Refused | CharacterCodingException | GeneralSecurityException reason) {
      context.log("samlgate: refused a request: " + reason.getMessage());
      HttpServletResponse response = (HttpServletResponse) w;
      response.setStatus(HttpServletResponse.SC_FORBIDDEN);
      response.setHeader("Cache-Control", "no-store");
      response.setContentType("text/plain");
      response.getWriter().println("This request does not come from the sign-in gateway.");
      return;
    }
    request.setAttribute("samlgate.identity", person);
    chain.doFilter(new Person(request, person, separator), w);
  }

  /** Returns the identity that the request carries, or throws. */
  private Map<String, String> verify(HttpServletRequest r) throws Refused, CharacterCodingException, GeneralSecurityException {
    Map<String, String> fields = fields(r);
    Input input = new Input(fields.getOrDefault("signature-input", ""));
    byte[] signature = signature(fields.getOrDefault("signature", ""));
    judge(fields, input);
    Map<String, String> values = values(r, fields, input.components);
    StringBuilder base = new StringBuilder();
    for (String c : input.components) {
      base.append('"').append(c).append("\": ").append(values.get(c)).append('\n');
    }
    base.append("\"@signature-params\": ").append(input.params);
    Key key = keys.find(input.get("keyid"));
    if (key == null) {
      throw new Refused("the key is unknown");
    }
    if (!key.verify(base.toString().getBytes(StandardCharsets.ISO_8859_1), signature)) {
      throw new Refused("the signature does not fit the request");
    }
    if (values.containsKey("content-digest") && !(EMPTY.equals(values.get("content-digest")) && bodyless(fields))) {
      throw new Refused("the body is signed, which this filter cannot check: leave content_digest_bytes at 0 for this app");
    }
    if (seen(input.get("nonce"), input.seconds("expires") + SKEW)) {
      throw new Refused("the request was here before");
    }
    return identity(values);
  }

  /** Whether the request has no body. */
  private static boolean bodyless(Map<String, String> fields) {
    return fields.getOrDefault("content-length", "0").equals("0") && !fields.containsKey("transfer-encoding");
  }

  /** Every header by its name in lower case. One that matters may be there once only, under whatever spelling. */
  private Map<String, String> fields(HttpServletRequest r) throws Refused {
    Map<String, String> fields = new HashMap<>();
    Set<String> forms = new HashSet<>();
    for (String name : new HashSet<>(Collections.list(r.getHeaderNames()))) {
      List<String> lines = Collections.list(r.getHeaders(name));
      String form = normal(name);
      boolean matters = managed.contains(form) || List.of("host", "signature", "signature-input").contains(form);
      if (matters && (lines.size() != 1 || !forms.add(form))) {
        throw new Refused("an identity header is there twice");
      }
      lines.replaceAll(line -> line.replaceAll("^[ \t]+|[ \t]+$", ""));
      fields.put(name.toLowerCase(Locale.ROOT), String.join(", ", lines));
    }
    return fields;
  }

  /** What a genuine signature must say (docs/header-contract.md). */
  private void judge(Map<String, String> fields, Input input) throws Refused {
    long now = now().getEpochSecond();
    long created = input.seconds("created");
    long expires = input.seconds("expires");
    if (!input.get("tag").equals("samlgate-identity") || input.get("nonce").isEmpty()) {
      throw new Refused("the signature has another purpose");
    }
    if (created > now + SKEW || expires <= now - SKEW || expires <= created || expires - created > LONGEST) {
      throw new Refused("the signature is not of this time");
    }
    if (!input.components.containsAll(REQUIRED)) {
      throw new Refused("the signature leaves out a part of the request");
    }
    for (String name : fields.keySet()) {
      if (managed.contains(normal(name)) && !input.components.contains(name)) {
        throw new Refused("an identity header is not covered by the signature");
      }
    }
    if (!audience.equals(fields.get("x-auth-audience"))) {
      throw new Refused("the request is meant for another audience");
    }
  }

  /** The time, which tests may override. */
  protected Instant now() {
    return Instant.now();
  }

  /** Every covered component (RFC 9421 §2). Containers hand bytes over as ISO 8859-1. */
  private Map<String, String> values(HttpServletRequest r, Map<String, String> fields, List<String> components) throws Refused {
    String host = fields.getOrDefault("host", "").toLowerCase(Locale.ROOT);
    String name = host.replaceAll(":[0-9]+$", "");
    // §2.2.3: without the default port of the connection to the app. Of an absolute target the container
    // takes the host from there: then it must be the one that was signed.
    String authority = host.replaceAll(r.isSecure() ? ":443$" : ":80$", "");
    if (!authorities.contains(authority) || !name.equalsIgnoreCase(r.getServerName())) {
      throw new Refused("the request is meant for another host");
    }
    Map<String, String> values = new HashMap<>(Map.of("@method", r.getMethod(), "@authority", authority,
        "@path", r.getRequestURI(), "@query", "?" + (r.getQueryString() == null ? "" : r.getQueryString())));
    for (String c : components) {
      String value = values.computeIfAbsent(c, fields::get);
      if (value == null) {
        throw new Refused("the signature covers what is not there");
      }
      if (!value.matches("[\t -~\u0080-\u00ff]*")) {
        throw new Refused("a covered value holds a control character, or the container decoded it");
      }
    }
    return values;
  }

  /** The person, from covered headers alone. */
  private Map<String, String> identity(Map<String, String> values) throws CharacterCodingException {
    Map<String, String> person = new LinkedHashMap<>();
    for (Map.Entry<String, String> e : headers.entrySet()) {
      String value = values.get(e.getValue());
      if (value != null) {
        ByteBuffer bytes = ByteBuffer.wrap(value.getBytes(StandardCharsets.ISO_8859_1));
        person.put(e.getKey(), StandardCharsets.UTF_8.newDecoder().decode(bytes).toString());
      }
    }
    return Collections.unmodifiableMap(person);
  }

  /** The same for all names that some framework could take for this one. */
  private static String normal(String header) {
    return header.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]", "-");
  }

  /** The member of Signature-Input that the gateway puts in front. Members of others are not looked at. */
  private static class Input {
    private static final Pattern MEMBER = Pattern.compile("samlgate=(\\(([^()]*)\\)(;[^,]*))(,.*)?");
    private static final Pattern PARAMETER =
        Pattern.compile("(created|expires)=([0-9]{1,12})|(keyid|nonce|tag)=\"([!#-\\[\\]-~]*)\"");
    final String params;
    final List<String> components = new ArrayList<>();
    private final Map<String, String> parameters = new HashMap<>();

    Input(String field) throws Refused {
      Matcher m = MEMBER.matcher(field);
      if (field.length() > 8192 || !m.matches() || again(m.group(4))) {
        throw new Refused("it carries no signature of the gateway, or two");
      }
      params = m.group(1);
      Set<String> forms = new HashSet<>();
      for (String c : m.group(2).split(" ", -1)) {
        if (!c.matches("\"@?[a-z0-9_.-]+\"") || !forms.add(normal(c))) {
          throw new Refused("the signature covers what is not supported, or something twice");
        }
        components.add(c.substring(1, c.length() - 1));
      }
      for (String p : m.group(3).substring(1).split(";", -1)) {
        Matcher x = PARAMETER.matcher(p);
        if (!x.matches() || parameters.put(x.group(1) == null ? x.group(3) : x.group(1), x.group(1) == null ? x.group(4) : x.group(2)) != null) {
          throw new Refused("the signature has a parameter that is not supported, or twice");
        }
      }
      if (parameters.size() != 5) {
        throw new Refused("the signature lacks a parameter");
      }
    }

    String get(String parameter) {
      return parameters.get(parameter);
    }

    long seconds(String parameter) {
      return Long.parseLong(parameters.get(parameter));
    }
  }

  private static byte[] signature(String field) throws Refused {
    Matcher m = Pattern.compile("samlgate=:([A-Za-z0-9+/]{4,128}={0,2}):(,.*)?").matcher(field);
    try {
      if (m.matches() && !again(m.group(2))) {
        byte[] signature = Base64.getDecoder().decode(m.group(1));
        if (Base64.getEncoder().encodeToString(signature).equals(m.group(1))) {
          return signature;
        }
      }
    } catch (IllegalArgumentException notBase64) {
      // refused like the rest
    }
    throw new Refused("it carries no signature of the gateway, two, or one in disguise");
  }

  private static boolean again(String rest) {
    return rest != null && Pattern.compile("[,\\s]samlgate(?![a-z0-9_.*-])").matcher(rest).find();
  }

  /** A key with the one algorithm that it is good for. */
  private interface Key {
    boolean verify(byte[] base, byte[] signature) throws GeneralSecurityException;
  }

  /**
   * The gateway's keys by id, from a file or URL. They are read again every five minutes, or for an
   * unknown id, but at most once a minute; what could not be renewed for a day is forgotten.
   */
  private class Keys {
    // X.509 SubjectPublicKeyInfo up to the key itself (RFC 8410 §4, RFC 5480 §2)
    private static final String ED25519 = "302a300506032b6570032100";
    private static final String P256 = "3059301306072a8648ce3d020106082a8648ce3d03010703420004";

    private final String source;
    private final Map<String, Key> secrets = new HashMap<>();
    private Map<String, Key> known = Map.of();
    private Instant read = Instant.MIN;
    private Instant tried = Instant.MIN;

    Keys(String source, List<String> secrets) throws ServletException {
      if (source != null && source.contains("://")
          && !source.matches("https://.*|http://(localhost|127\\.[0-9.]+|\\[::1\\])[:/].*")) {
        throw new ServletException("samlgate: jwks must be a file, or an https URL");
      }
      if (source == null && secrets.isEmpty()) {
        throw new ServletException("samlgate: jwks or a secret is required");
      }
      this.source = source;
      for (String pair : secrets) {
        this.secrets.put(pair.substring(0, pair.indexOf('=')), secret(pair.substring(pair.indexOf('=') + 1)));
      }
    }

    synchronized Key find(String kid) {
      if (secrets.containsKey(kid) || source == null) {
        return secrets.get(kid);
      }
      Instant now = Instant.now();
      if ((!known.containsKey(kid) || read.isBefore(now.minusSeconds(300))) && tried.isBefore(now.minusSeconds(60))) {
        tried = now;
        try {
          known = parse(fetch());
          read = now;
        } catch (IOException | GeneralSecurityException | IllegalArgumentException problem) {
          context.log("samlgate: reading the gateway's keys: " + problem.getMessage());
        } catch (InterruptedException stopped) {
          Thread.currentThread().interrupt();
        }
      }
      return read.isAfter(now.minusSeconds(86400)) ? known.get(kid) : null;
    }

    private String fetch() throws IOException, InterruptedException {
      if (!source.contains("://")) {
        return Files.readString(Path.of(source));
      }
      HttpRequest ask = HttpRequest.newBuilder(URI.create(source)).timeout(Duration.ofSeconds(5)).build();
      HttpClient client = HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(5)).build(); // follows no redirect
      HttpResponse<String> answer = client.send(ask, HttpResponse.BodyHandlers.ofString());
      if (answer.statusCode() != 200) {
        throw new IOException("the answer is " + answer.statusCode());
      }
      return answer.body();
    }

    /** The JDK reads no JSON. A key of samlgate is a flat object of plain strings. */
    private Map<String, Key> parse(String jwks) throws GeneralSecurityException {
      Map<String, Key> found = new HashMap<>();
      Matcher object = Pattern.compile("\\{([^{}]*)\\}").matcher(jwks);
      while (object.find()) {
        Map<String, String> k = new HashMap<>();
        Matcher member = Pattern.compile("\"([a-z0-9_]+)\"\\s*:\\s*\"([^\"\\\\]*)\"").matcher(object.group(1));
        while (member.find()) {
          k.put(member.group(1), member.group(2));
        }
        Key key = publicKey(k);
        if (k.containsKey("d") || key != null && found.put(k.get("kid"), key) != null) {
          throw new IllegalArgumentException("the key set holds a private key, or one id twice");
        }
      }
      return found;
    }

    private Key publicKey(Map<String, String> k) throws GeneralSecurityException {
      Base64.Decoder base64 = Base64.getUrlDecoder();
      if (!k.containsKey("kid") || !k.getOrDefault("use", "sig").equals("sig")) {
        return null;
      }
      switch (k.get("kty") + " " + k.get("crv")) {
        case "OKP Ed25519":
          PublicKey ed = key("Ed25519", ED25519, base64.decode(k.get("x")), new byte[0], 32);
          return (base, signature) -> signature.length == 64 && check("Ed25519", ed, base, signature);
        case "EC P-256":
          PublicKey ec = key("EC", P256, base64.decode(k.get("x")), base64.decode(k.get("y")), 64);
          return (base, signature) -> signature.length == 64 && check("SHA256withECDSAinP1363Format", ec, base, signature);
        default:
          return null;
      }
    }

    private PublicKey key(String kind, String prefix, byte[] x, byte[] y, int size) throws GeneralSecurityException {
      byte[] start = HexFormat.of().parseHex(prefix);
      if (x.length + y.length != size || y.length > 0 && x.length != y.length) {
        throw new IllegalArgumentException("the key set holds a damaged key");
      }
      byte[] spki = ByteBuffer.allocate(start.length + size).put(start).put(x).put(y).array();
      return KeyFactory.getInstance(kind).generatePublic(new X509EncodedKeySpec(spki));
    }

    private boolean check(String algorithm, PublicKey key, byte[] base, byte[] signature) throws GeneralSecurityException {
      Signature s = Signature.getInstance(algorithm);
      s.initVerify(key);
      s.update(base);
      return s.verify(signature);
    }

    private Key secret(String text) throws ServletException {
      byte[] secret = text.matches("[0-9A-Fa-f]{64}") ? HexFormat.of().parseHex(text)
          : Base64.getDecoder().decode(text.replace('-', '+').replace('_', '/'));
      if (secret.length < 32) {
        throw new ServletException("samlgate: a secret of fewer than 32 bytes");
      }
      return (base, signature) -> {
        Mac mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec(secret, "HmacSHA256"));
        return MessageDigest.isEqual(mac.doFinal(base), signature);
      };
    }
  }

  /** The request as the app sees it: its user is the person. */
  private static class Person extends HttpServletRequestWrapper {
    private final Map<String, String> person;
    private final List<String> roles;

    Person(HttpServletRequest request, Map<String, String> person, String separator) {
      super(request);
      this.person = person;
      String joined = person.get("roles");
      roles = joined == null ? new ArrayList<>() : new ArrayList<>(List.of(joined.split(Pattern.quote(separator))));
      roles.replaceAll(role -> role.replaceAll("^ +| +$", ""));
    }

    @Override
    public String getRemoteUser() {
      return person.get("email");
    }

    @Override
    public java.security.Principal getUserPrincipal() {
      String email = person.get("email");
      return email == null ? null : () -> email;
    }

    @Override
    public boolean isUserInRole(String role) {
      return roles.contains(role);
    }
  }
}
