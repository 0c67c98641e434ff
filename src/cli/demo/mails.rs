//! The demo's mail: each shows one thing that the gateway does, with the outcome that must come of it.
//!
//! Names and numbers are invented.

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
}

/// What must become of one recipient's copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// It leaves as it came.
    Clear,
    /// It leaves sealed, and the partner can open it.
    Sealed,
    /// It leaves as it came, because it was encrypted.
    AlreadyEncrypted,
    /// It does not leave, and the sender is told.
    Refused,
}

/// All mail, in order. `encrypted` is a CMS message for Anna, in base64, that her partner made.
pub fn all(encrypted: &str) -> Vec<Mail> {
    use Expected::{AlreadyEncrypted, Clear, Refused, Sealed};
    let mail = |title, recipients: &[(&'static str, Expected)], text: &str| Mail {
        title,
        recipients: recipients.to_vec(),
        text: text.to_owned(),
    };
    vec![
        mail("Nothing to protect", &[(ANNA, Clear)], CLEAN),
        mail("SSN, recipient has an RSA certificate", &[(ANNA, Sealed)], SSN),
        mail("SSN, recipient has no certificate", &[(NOBODY, Refused)], SSN),
        mail(
            "Card number in a reply chain, EC certificate",
            &[(ERNST, Sealed)],
            REPLY_CHAIN,
        ),
        mail("Driver's licence inside HTML", &[(ANNA, Sealed)], LICENCE_IN_HTML),
        mail("Account number in the Subject", &[(ERNST, Sealed)], SUBJECT),
        mail(
            "To one partner, Bcc to another",
            &[(ANNA, Sealed), (ERNST, Sealed)],
            BCC,
        ),
        mail(
            "A piece of segmented mail (message/partial)",
            &[(ANNA, Refused)],
            PARTIAL,
        ),
        mail(
            "Really encrypted by its sender",
            &[(ANNA, AlreadyEncrypted)],
            &format!("{ENCRYPTED}{encrypted}\n"),
        ),
        mail(
            "Labelled encrypted, but plain text",
            &[(ANNA, Sealed)],
            FALSE_LABEL,
        ),
        mail(
            "Five recipients, five outcomes",
            &[
                (ANNA, Sealed),
                (NOBODY, Refused),
                (EXPIRED, Refused),
                (REVOKED, Refused),
                (NOT_ALLOWED, Refused),
            ],
            SSN,
        ),
    ]
}

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
