import java.io.FileReader;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.PrivateKey;
import java.security.Security;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import org.bouncycastle.asn1.ASN1Sequence;
import org.bouncycastle.asn1.cms.CMSObjectIdentifiers;
import org.bouncycastle.asn1.ASN1OctetString;
import org.bouncycastle.asn1.cms.ContentInfo;
import org.bouncycastle.asn1.cms.GCMParameters;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.cms.CMSAuthEnvelopedData;
import org.bouncycastle.cms.CMSException;
import org.bouncycastle.cms.CMSEnvelopedData;
import org.bouncycastle.cms.KeyTransRecipientInformation;
import org.bouncycastle.cms.Recipient;
import org.bouncycastle.cms.RecipientInformation;
import org.bouncycastle.cms.RecipientInformationStore;
import org.bouncycastle.cms.RecipientOperator;
import org.bouncycastle.cms.jcajce.JceKeyAgreeEnvelopedRecipient;
import org.bouncycastle.cms.jcajce.JceKeyAgreeRecipient;
import org.bouncycastle.cms.jcajce.JceKeyTransAuthEnvelopedRecipient;
import org.bouncycastle.cms.jcajce.JceKeyTransEnvelopedRecipient;
import org.bouncycastle.jcajce.io.CipherInputStream;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.bouncycastle.openssl.PEMParser;
import org.bouncycastle.openssl.jcajce.JcaPEMKeyConverter;
import org.bouncycastle.operator.InputDecryptor;

/** Opens 0.p7m, 1.p7m, … of a folder with the keys beside them, and writes what was inside to 0.out, 1.out, … */
public class BouncyCastle {
    public static void main(String[] arguments) throws Exception {
        Security.addProvider(new BouncyCastleProvider());
        Path folder = Path.of(arguments[0]);
        for (int number = 0; Files.exists(folder.resolve(number + ".p7m")); number++) {
            try {
                byte[] opened = open(Files.readAllBytes(folder.resolve(number + ".p7m")), key(folder, number));
                Files.write(folder.resolve(number + ".out"), opened);
            } catch (Exception | Error reason) {
                System.out.println(number + ": " + reason);
            }
        }
    }

    private static PrivateKey key(Path folder, int number) throws Exception {
        try (PEMParser pem = new PEMParser(new FileReader(folder.resolve(number + ".key").toFile()))) {
            return new JcaPEMKeyConverter().setProvider("BC").getPrivateKey((PrivateKeyInfo) pem.readObject());
        }
    }

    private static byte[] open(byte[] der, PrivateKey key) throws Exception {
        ContentInfo info = ContentInfo.getInstance(ASN1Sequence.fromByteArray(der));
        boolean authenticated = info.getContentType().equals(CMSObjectIdentifiers.authEnvelopedData);
        RecipientInformationStore all = authenticated
            ? new CMSAuthEnvelopedData(der).getRecipientInfos()
            : new CMSEnvelopedData(der).getRecipientInfos();
        // A client finds its own by the certificate; here there is only the key, and a wrong one opens nothing.
        Exception reason = null;
        for (RecipientInformation one : all.getRecipients()) {
            try {
                return one.getContent(recipient(one, key, authenticated));
            } catch (Exception failure) {
                reason = failure;
            }
        }
        throw reason;
    }

    private static Recipient recipient(RecipientInformation one, PrivateKey key, boolean authenticated) {
        if (one instanceof KeyTransRecipientInformation) {
            return authenticated
                ? new JceKeyTransAuthEnvelopedRecipient(key).setProvider("BC")
                : new JceKeyTransEnvelopedRecipient(key).setProvider("BC");
        }
        return authenticated
            ? new AgreedAuthenticated(key).setProvider("BC")
            : new JceKeyAgreeEnvelopedRecipient(key).setProvider("BC");
    }

    /** BouncyCastle 1.72 has the parts of this, but not yet the whole. */
    private static class AgreedAuthenticated extends JceKeyAgreeRecipient {
        AgreedAuthenticated(PrivateKey key) {
            super(key);
        }

        @Override
        public RecipientOperator getRecipientOperator(AlgorithmIdentifier wrap, AlgorithmIdentifier content,
                SubjectPublicKeyInfo sender, ASN1OctetString material, byte[] encryptedKey) throws CMSException {
            java.security.Key key = extractSecretKey(wrap, content, sender, material, encryptedKey);
            try {
                GCMParameters parameters = GCMParameters.getInstance(content.getParameters());
                Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding", "BC");
                int bits = parameters.getIcvLen() * 8;
                cipher.init(Cipher.DECRYPT_MODE, key, new GCMParameterSpec(bits, parameters.getNonce()));
                return new RecipientOperator(new InputDecryptor() {
                    public AlgorithmIdentifier getAlgorithmIdentifier() {
                        return content;
                    }

                    public InputStream getInputStream(InputStream in) {
                        return new CipherInputStream(in, cipher);
                    }
                });
            } catch (java.security.GeneralSecurityException reason) {
                throw new CMSException("cannot open", reason);
            }
        }
    }
}
