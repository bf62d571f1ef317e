//! The explanations of codes: one Markdown page per code, from `docs/diagnostics`. A test checks
//! that this list is complete.

use super::Code;

macro_rules! pages {
    ($($id:literal)*) => {
        static PAGES: &[(&str, &str)] = &[$((
            $id,
            include_str!(concat!("../../docs/diagnostics/", $id, ".md")),
        )),*];
    };
}

pages! {
    "E0001" "E0002" "E0003" "W0002" "E0101" "E0102" "E0103" "E0104" "E0105"
    "E0106" "E0107" "E0108" "E0109" "E0110" "E0111" "E0112" "E0113"
    "E0114" "E0115" "W0101" "W0102" "E0201" "E0202" "E0203" "E0204"
    "E0205" "E0206" "E0207" "E0208" "E0209" "W0201" "W0202" "W0203"
    "H0201" "E0301" "E0302" "E0303" "E0304" "E0305" "E0306" "E0307"
    "E0308" "E0309" "E0310" "E0311" "E0312" "E0313" "E0314" "W0301"
    "W0302" "W0303" "H0301" "H0302" "E0401" "E0402" "E0403" "E0404"
    "E0405" "E0406" "E0407" "E0408" "W0401" "W0402" "W0403" "W0404"
    "H0401" "H0402" "W0601" "W0602" "W0603" "W0604" "H0601" "H0602"
    "H0603" "E0501" "E0502" "E0701" "E0702" "E0703" "E0704"
    "W0701" "H0701"
}

/// Returns the page of a code.
pub fn of(code: &Code) -> Option<&'static str> {
    PAGES.iter().find(|(id, _)| *id == code.id).map(|(_, page)| *page)
}
