import java.io.FileReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.Security;
import java.security.cert.X509Certificate;
import java.util.Collection;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cms.CMSProcessableByteArray;
import org.bouncycastle.cms.CMSSignedData;
import org.bouncycastle.cms.SignerInformation;
import org.bouncycastle.cms.jcajce.JcaSimpleSignerInfoVerifierBuilder;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.bouncycastle.openssl.PEMParser;

/** Verifies 0.p7s, 1.p7s, … of a folder, with 0.content, … beside those that are detached; writes 0.good, … if right. */
public class Verify {
    public static void main(String[] arguments) throws Exception {
        Security.addProvider(new BouncyCastleProvider());
        Path folder = Path.of(arguments[0]);
        X509Certificate root;
        try (PEMParser pem = new PEMParser(new FileReader(folder.resolve("root.pem").toFile()))) {
            root = certificate((X509CertificateHolder) pem.readObject());
        }
        for (int number = 0; Files.exists(folder.resolve(number + ".p7s")); number++) {
            try {
                byte[] cms = Files.readAllBytes(folder.resolve(number + ".p7s"));
                Path content = folder.resolve(number + ".content");
                CMSSignedData signed = Files.exists(content)
                    ? new CMSSignedData(new CMSProcessableByteArray(Files.readAllBytes(content)), cms)
                    : new CMSSignedData(cms);
                if (verify(signed, root)) {
                    Files.write(folder.resolve(number + ".good"), new byte[0]);
                }
            } catch (Exception | Error reason) {
                System.out.println(number + ": " + reason);
            }
        }
    }

    private static boolean verify(CMSSignedData signed, X509Certificate root) throws Exception {
        for (SignerInformation signer : signed.getSignerInfos().getSigners()) {
            Collection<X509CertificateHolder> found = signed.getCertificates().getMatches(signer.getSID());
            X509Certificate own = certificate(found.iterator().next());
            own.verify(root.getPublicKey());
            return signer.verify(new JcaSimpleSignerInfoVerifierBuilder().setProvider("BC").build(own));
        }
        return false;
    }

    private static X509Certificate certificate(X509CertificateHolder holder) throws Exception {
        return new JcaX509CertificateConverter().setProvider("BC").getCertificate(holder);
    }
}
