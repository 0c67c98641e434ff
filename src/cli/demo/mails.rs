//! The demo's mail: each shows one thing that the gateway does, with the outcome that must come of it.
//!
//! Names and numbers are invented.

use crate::message::CertificateVerdict;
use crate::policy::Refusal;

use super::pki::{ANNA, ERNST, EXPIRED, NOBODY, NOT_ALLOWED, REVOKED};

/// Who writes all the demo's mail.
pub const SENDER: &str = "clerk@agency.example";

/// One mail with its expected outcomes.
pub struct Mail {
    /// What a stranger should know about it.
    pub title: &'static str,
    /// Envelope recipients with what must become of each copy.
    pub recipients: Vec<(&'static str, Expected)>,
    /// Header section and body, with LF line ends.
    pub text: String,
    /// What nobody may see outside of the encryption: not on the wire, not in a notice, not on the disk.
    pub secrets: &'static [&'static str],
}

/// What must become of one recipient's copy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expected {
    /// It leaves as it came.
    Clear,
    /// It leaves sealed, and the partner can open it.
    Sealed,
    /// It leaves as it came, because it was encrypted.
    AlreadyEncrypted,
    /// It does not leave for this reason, and the sender is told.
    Refused(Refusal),
}

/// Words of the mail that has nothing to protect. They do reach the disk, which shows that a search there finds.
pub const HARMLESS: &str = "Shall we meet on Thursday";

/// All mail, in order. `encrypted` is a CMS message for Anna, in base64, that her partner made.
pub fn all(encrypted: &str) -> Vec<Mail> {
    use Expected::{AlreadyEncrypted, Clear, Refused, Sealed};
    let unusable = |verdict| Refused(Refusal::NoUsableCertificate { verdict });
    vec![
        mail("Nothing to protect", vec![(ANNA, Clear)], CLEAN, &[]),
        mail(
            "SSN, to an RSA certificate",
            vec![(ANNA, Sealed)],
            SSN,
            SSN_SECRETS,
        ),
        mail(
            "SSN, to somebody without a certificate",
            vec![(NOBODY, Refused(Refusal::NoCertificate))],
            SSN,
            SSN_SECRETS,
        ),
        mail(
            "Card number in a reply chain, to an EC certificate",
            vec![(ERNST, Sealed)],
            REPLY_CHAIN,
            &["Castellano", "4539 1488 0343 6467"],
        ),
        mail(
            "Driver's licence in HTML, split by tags",
            vec![(ANNA, Sealed)],
            LICENCE_IN_HTML,
            &["Okafor"],
        ),
        mail(
            "Account number in the Subject",
            vec![(ERNST, Sealed)],
            SUBJECT,
            &["Brandt", "004417752209", "011000015"],
        ),
        mail(
            "To one partner, Bcc to another",
            vec![(ANNA, Sealed), (ERNST, Sealed)],
            BCC,
            &["Whitfield", "412-63-9074"],
        ),
        mail(
            "A piece of segmented mail, disguised",
            vec![(ANNA, Refused(Refusal::Segmented))],
            PARTIAL,
            &[],
        ),
        mail(
            "Encrypted by its sender",
            vec![(ANNA, AlreadyEncrypted)],
            &format!("{ENCRYPTED}{encrypted}\n"),
            &[],
        ),
        mail(
            "Labelled as encrypted, but plain text",
            vec![(ANNA, Sealed)],
            FALSE_LABEL,
            &["Lindqvist", "601-37-5528"],
        ),
        mail(
            "Five recipients, five outcomes",
            vec![
                (ANNA, Sealed),
                (NOBODY, Refused(Refusal::NoCertificate)),
                (EXPIRED, unusable(CertificateVerdict::Expired)),
                (REVOKED, unusable(CertificateVerdict::Revoked)),
                (NOT_ALLOWED, Refused(Refusal::NotAllowed)),
            ],
            SSN,
            SSN_SECRETS,
        ),
    ]
}

/// What nobody may find on the gateway's disk: the secrets of all mail, each once.
pub fn secrets() -> Vec<&'static str> {
    let mut secrets: Vec<&str> = all("").iter().flat_map(|mail| mail.secrets).copied().collect();
    secrets.sort_unstable();
    secrets.dedup();
    secrets
}

fn mail(
    title: &'static str,
    recipients: Vec<(&'static str, Expected)>,
    text: &str,
    secrets: &'static [&'static str],
) -> Mail {
    Mail {
        title,
        recipients,
        text: text.to_owned(),
        secrets,
    }
}

const SSN_SECRETS: &[&str] = &["Holloway", "536-22-8145"];

const CLEAN: &str = "\
From: Dana Clerk <clerk@agency.example>
To: Anna <anna@partner.example>
Subject: Meeting on Thursday
Date: Mon, 16 Nov 2026 09:00:00 -0500
Message-ID: <clean@agency.example>

Shall we meet on Thursday at 10:30 in room 204? Call 617-555-0142 if not.
";

const SSN: &str = "\
From: Dana Clerk <clerk@agency.example>
To: Partners <partners@partner.example>
Subject: New employee
Date: Mon, 16 Nov 2026 09:05:00 -0500
Message-ID: <new-employee@agency.example>
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8

Please add Margaret Holloway to the payroll.
Her Social Security number is 536-22-8145. She starts on 1 December.
";

const REPLY_CHAIN: &str = "\
From: Dana Clerk <clerk@agency.example>
To: Ernst <ernst@partner.example>
Subject: Re: Re: Travel booking
Date: Mon, 16 Nov 2026 09:10:00 -0500
Message-ID: <chain@agency.example>
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8

Thanks, that works.

> On Friday you wrote:
> > Book it on the office card, please:
> > Robert Castellano, card number 4539 1488 0343 6467, expires 08/29.
> Booked.
";

const LICENCE_IN_HTML: &str = "\
From: Dana Clerk <clerk@agency.example>
To: Anna <anna@partner.example>
Subject: Rental agreement
Date: Mon, 16 Nov 2026 09:15:00 -0500
Message-ID: <licence@agency.example>
MIME-Version: 1.0
Content-Type: text/html; charset=utf-8
Content-Transfer-Encoding: quoted-printable

<html><body><p>The driver is <b>William Okafor</b>.</p>
<p>Driver&#39;s license number: <b>S9</b><span>42</span>17=
083</p></body></html>
";

const SUBJECT: &str = "\
From: Dana Clerk <clerk@agency.example>
To: Ernst <ernst@partner.example>
Subject: Refund for Helen Brandt, checking account number 004417752209
Date: Mon, 16 Nov 2026 09:20:00 -0500
Message-ID: <refund@agency.example>

Please send it this week. The routing number is 011000015.
";

const BCC: &str = "\
From: Dana Clerk <clerk@agency.example>
To: Anna <anna@partner.example>
Subject: Corrected record
Date: Mon, 16 Nov 2026 09:25:00 -0500
Message-ID: <bcc@agency.example>

Thomas Whitfield's SSN is 412-63-9074, not what the form says.
";

const PARTIAL: &str = "\
From: Dana Clerk <clerk@agency.example>
To: Anna <anna@partner.example>
Subject: Drawing, part 1 of 3
Date: Mon, 16 Nov 2026 09:30:00 -0500
Message-ID: <piece1@agency.example>
MIME-Version: 1.0
Content-Type: Message/(cut up)PARTIAL; id=\"drawing@agency.example\";
 number=1; total=3

Content-Type: image/png

iVBORw0KGgo
";

const ENCRYPTED: &str = "\
From: Dana Clerk <clerk@agency.example>
To: Anna <anna@partner.example>
Subject: For your eyes
Date: Mon, 16 Nov 2026 09:35:00 -0500
Message-ID: <encrypted@agency.example>
MIME-Version: 1.0
Content-Type: application/pkcs7-mime; smime-type=enveloped-data; name=\"smime.p7m\"
Content-Transfer-Encoding: base64

";

const FALSE_LABEL: &str = "\
From: Dana Clerk <clerk@agency.example>
To: Anna <anna@partner.example>
Subject: For your eyes
Date: Mon, 16 Nov 2026 09:40:00 -0500
Message-ID: <false-label@agency.example>
MIME-Version: 1.0
Content-Type: application/pkcs7-mime; smime-type=enveloped-data; name=\"smime.p7m\"
Content-Transfer-Encoding: 7bit

Susan Lindqvist, SSN 601-37-5528
";
