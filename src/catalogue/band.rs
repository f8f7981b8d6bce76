//! Firmware bands: the few ranges of firmware in which a family behaves alike.
//!
//! A request's firmware is only ever used as a band, so a storm of invented firmware strings makes no more files than
//! there are bands.

use compact_str::CompactString;

/// The place of a band in its family's list.
pub type Band = u8;

/// A family's bands in the order of its file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bands {
    ranges: Vec<(CompactString, Vec<Comparison>)>,
    default: Band,
    from: usize,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Comparison {
    how: How,
    version: Vec<u32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum How {
    Below,
    AtLeast,
    Within,
}

impl Bands {
    /// A family that behaves alike whatever its firmware.
    pub fn one() -> Bands {
        Bands { ranges: vec![("all".into(), Vec::new())], default: 0, from: 1 }
    }

    /// Bands from their names and ranges; `from` is the first of the firmware's numbers that counts, from 1.
    ///
    /// # Errors
    /// A sentence on what is wrong: a range that is no range, or a default that is no band.
    pub fn parse(ranges: &[(String, String)], default: &str, from: usize) -> Result<Bands, String> {
        let ranges = ranges
            .iter()
            .map(|(name, range)| {
                let comparisons = range.split_whitespace().map(Comparison::parse).collect::<Result<_, _>>()?;
                Ok((CompactString::from(name.as_str()), comparisons))
            })
            .collect::<Result<Vec<_>, String>>()?;
        let default = ranges.iter().position(|(name, _)| name == default);
        let default = default.ok_or("`default_band` must be one of `bands`")? as Band;
        Ok(Bands { ranges, default, from: from.max(1) })
    }

    /// The band of a firmware as the phone tells it; the default one if no range fits or nothing is told.
    pub fn of(&self, firmware: Option<&str>) -> Band {
        firmware.and_then(|firmware| self.fitting(firmware)).unwrap_or(self.default)
    }

    /// The first band whose range a firmware fits.
    pub fn fitting(&self, firmware: &str) -> Option<Band> {
        let numbers = numbers_of(firmware);
        let version = numbers.get(self.from - 1..).filter(|version| !version.is_empty())?;
        let fits =
            |(_, range): &(CompactString, Vec<Comparison>)| range.iter().all(|comparison| comparison.fits(version));
        self.ranges.iter().position(fits).map(|at| at as Band)
    }

    /// The band that is taken where nothing is known.
    pub fn default(&self) -> Band {
        self.default
    }

    /// A band's name.
    pub fn name(&self, band: Band) -> &str {
        self.ranges.get(band as usize).map_or("", |(name, _)| name)
    }

    /// All bands with their names.
    pub fn iter(&self) -> impl Iterator<Item = (Band, &str)> {
        self.ranges.iter().enumerate().map(|(at, (name, _))| (at as Band, name.as_str()))
    }

    /// A band by its name.
    pub fn by_name(&self, name: &str) -> Option<Band> {
        self.ranges.iter().position(|(known, _)| known == name).map(|at| at as Band)
    }
}

impl Comparison {
    fn parse(text: &str) -> Result<Comparison, String> {
        let (how, version) = match text {
            _ if text.starts_with(">=") => (How::AtLeast, &text[2..]),
            _ if text.starts_with('<') => (How::Below, &text[1..]),
            _ => (How::Within, text),
        };
        let version: Option<Vec<u32>> = version.split('.').map(|part| part.parse().ok()).collect();
        let version =
            version.ok_or_else(|| format!("`{text}` is not a range of firmware: expected `<80`, `>=81` or `80`"))?;
        Ok(Comparison { how, version })
    }

    fn fits(&self, version: &[u32]) -> bool {
        match self.how {
            How::Below => version < self.version.as_slice(),
            How::AtLeast => version >= self.version.as_slice(),
            How::Within => version.starts_with(&self.version),
        }
    }
}

/// The numbers of a firmware: `82.2.18.4-release` is 82, 2, 18, 4; `7.4.9c` is 7, 4, 9.
fn numbers_of(firmware: &str) -> Vec<u32> {
    let mut numbers = Vec::new();
    for part in firmware.split(['.', '-']) {
        let part = part.strip_prefix('V').unwrap_or(part);
        let digits = part.bytes().take_while(u8::is_ascii_digit).count();
        match part[..digits].parse() {
            Ok(number) => numbers.push(number),
            Err(_) => break,
        }
        if digits < part.len() {
            break;
        }
    }
    numbers
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bands(ranges: &[(&str, &str)], default: &str, from: usize) -> Bands {
        let ranges: Vec<_> = ranges.iter().map(|(name, range)| (name.to_string(), range.to_string())).collect();
        Bands::parse(&ranges, default, from).unwrap()
    }

    #[test]
    fn the_second_number_decides_on_a_yealink() {
        let bands = bands(&[("v70", "<80"), ("v80", "80"), ("v81", ">=81")], "v81", 2);
        for (firmware, band) in [
            ("2.70.0.140", "v70"),
            ("28.80.0.130", "v80"),
            ("66.86.0.15", "v81"),
            ("91.283.0.30", "v81"),
            ("124.85.257.55", "v81"),
            ("18.0.0.80", "v70"),
            ("nonsense", "v81"),
            ("66", "v81"),
        ] {
            assert_eq!(bands.name(bands.of(Some(firmware))), band, "{firmware}");
        }
        assert_eq!(bands.name(bands.of(None)), "v81");
    }

    #[test]
    fn a_firmware_may_fit_no_band() {
        let bands = bands(&[("v60", ">=60 <70"), ("v70", "<71"), ("v86", ">=86 <200")], "v86", 2);
        let fitting = |firmware| bands.fitting(firmware).map(|band| bands.name(band));
        assert_eq!(fitting("2.61.0.80"), Some("v60"));
        assert_eq!(fitting("18.0.0.80"), Some("v70"));
        assert_eq!(fitting("185.87.0.10"), Some("v86"));
        for firmware in ["91.283.0.30", "6.72.0.30", "66", "nonsense"] {
            assert_eq!(fitting(firmware), None, "{firmware}");
        }
    }

    #[test]
    fn letters_behind_a_number_end_the_version() {
        let bands = bands(&[("v74", "<7.4.8"), ("v748", ">=7.4.8")], "v748", 1);
        for (firmware, band) in
            [("7.4.7", "v74"), ("7.4.8a", "v748"), ("7.6.2c", "v748"), ("6.1.5(a)", "v74"), ("7.4.4", "v74")]
        {
            assert_eq!(bands.name(bands.of(Some(firmware))), band, "{firmware}");
        }
    }

    #[test]
    fn a_range_that_is_none_is_told() {
        let error = Bands::parse(&[("x".into(), "about 80".into())], "x", 1).unwrap_err();
        assert_eq!(error, "`about` is not a range of firmware: expected `<80`, `>=81` or `80`");
    }
}
