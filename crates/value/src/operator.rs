//! Condition operators: `[for_any_value:|for_all_value:]base[_if_exist]` (CITE CON-3, CON-4).

/// How several values of the request are combined.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Qualifier {
    /// None written: one value decides, several must agree (CITE CON-13).
    None,
    /// `for_any_value:` (CITE CON-11).
    AnyValue,
    /// `for_all_value:` (CITE CON-12).
    AllValues,
}

/// What the values of an operator are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ValueType {
    /// Text.
    String,
    /// [`crate::decimal::Decimal`].
    Number,
    /// [`crate::date::Instant`].
    Date,
    /// `true` or `false`.
    Bool,
    /// [`crate::address::Network`].
    Address,
    /// The one operand of `null_equal`.
    Null,
}

macro_rules! bases {
    ($($variant:ident $name:literal $positive:ident $type:ident,)*) => {
        /// An operator without qualifier and `_if_exist`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Base {
            $(#[doc = concat!("`", $name, "`.")] $variant,)*
        }

        impl Base {
            /// Every base operator.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The keyword.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// The operator that this one negates, or itself (CITE CON-10).
            pub fn positive(self) -> Self {
                match self { $(Self::$variant => Self::$positive,)* }
            }

            /// The type of its values.
            pub fn value_type(self) -> ValueType {
                match self { $(Self::$variant => ValueType::$type,)* }
            }
        }
    };
}

bases! {
    StringEqual "string_equal" StringEqual String,
    StringNotEqual "string_not_equal" StringEqual String,
    StringEqualIgnoreCase "string_equal_ignore_case" StringEqualIgnoreCase String,
    StringNotEqualIgnoreCase "string_not_equal_ignore_case" StringEqualIgnoreCase String,
    StringLike "string_like" StringLike String,
    StringNotLike "string_not_like" StringLike String,
    NumericEqual "numeric_equal" NumericEqual Number,
    NumericNotEqual "numeric_not_equal" NumericEqual Number,
    NumericLessThan "numeric_less_than" NumericLessThan Number,
    NumericLessThanEqual "numeric_less_than_equal" NumericLessThanEqual Number,
    NumericGreaterThan "numeric_greater_than" NumericGreaterThan Number,
    NumericGreaterThanEqual "numeric_greater_than_equal" NumericGreaterThanEqual Number,
    DateEqual "date_equal" DateEqual Date,
    DateNotEqual "date_not_equal" DateEqual Date,
    DateLessThan "date_less_than" DateLessThan Date,
    DateLessThanEqual "date_less_than_equal" DateLessThanEqual Date,
    DateGreaterThan "date_greater_than" DateGreaterThan Date,
    DateGreaterThanEqual "date_greater_than_equal" DateGreaterThanEqual Date,
    BoolEqual "bool_equal" BoolEqual Bool,
    BinaryEqual "binary_equal" BinaryEqual String,
    IpEqual "ip_equal" IpEqual Address,
    IpNotEqual "ip_not_equal" IpEqual Address,
    NullEqual "null_equal" NullEqual Null,
}

impl Base {
    /// Whether the operator negates another.
    pub fn is_negated(self) -> bool {
        self.positive() != self
    }

    /// The operator with this keyword.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|base| base.name() == name)
    }
}

/// A whole operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Operator {
    /// The set qualifier.
    pub qualifier: Qualifier,
    /// The base operator.
    pub base: Base,
    /// Whether an absent key makes it true (CITE CON-7).
    pub if_exist: bool,
}

/// Why an operator could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OperatorFault {
    /// No such base operator.
    Unknown,
    /// `null_equal` takes neither a qualifier nor `_if_exist`.
    Modifier,
}

impl Operator {
    /// Reads an operator.
    pub fn parse(text: &str) -> Result<Self, OperatorFault> {
        let (qualifier, rest) = match text.split_once(':') {
            Some(("for_any_value", rest)) => (Qualifier::AnyValue, rest),
            Some(("for_all_value", rest)) => (Qualifier::AllValues, rest),
            Some(_) => return Err(OperatorFault::Unknown),
            None => (Qualifier::None, text),
        };
        let (name, if_exist) = match rest.strip_suffix("_if_exist") {
            Some(name) => (name, true),
            None => (rest, false),
        };
        let base = Base::parse(name).ok_or(OperatorFault::Unknown)?;
        if base == Base::NullEqual && (if_exist || qualifier != Qualifier::None) {
            return Err(OperatorFault::Modifier);
        }
        Ok(Self { qualifier, base, if_exist })
    }

    /// A dense number that a bundle stores.
    pub fn code(self) -> u32 {
        let qualifier = match self.qualifier {
            Qualifier::None => 0,
            Qualifier::AnyValue => 1,
            Qualifier::AllValues => 2,
        };
        (self.base as u32) << 3 | qualifier << 1 | u32::from(self.if_exist)
    }

    /// The inverse of [`Operator::code`].
    pub fn from_code(code: u32) -> Option<Self> {
        let qualifier = match code >> 1 & 3 {
            0 => Qualifier::None,
            1 => Qualifier::AnyValue,
            2 => Qualifier::AllValues,
            _ => return None,
        };
        let base = *Base::ALL.get(usize::try_from(code >> 3).ok()?)?;
        Some(Self { qualifier, base, if_exist: code & 1 == 1 })
    }
}

impl core::fmt::Display for Operator {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self.qualifier {
            Qualifier::None => "",
            Qualifier::AnyValue => "for_any_value:",
            Qualifier::AllValues => "for_all_value:",
        })?;
        f.write_str(self.base.name())?;
        f.write_str(if self.if_exist { "_if_exist" } else { "" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_code_are_inverse() {
        for &base in Base::ALL {
            for qualifier in [Qualifier::None, Qualifier::AnyValue, Qualifier::AllValues] {
                for if_exist in [false, true] {
                    let operator = Operator { qualifier, base, if_exist };
                    assert_eq!(Operator::from_code(operator.code()), Some(operator));
                    let plain = qualifier == Qualifier::None && !if_exist;
                    let expected = if base == Base::NullEqual && !plain {
                        Err(OperatorFault::Modifier)
                    } else {
                        Ok(operator)
                    };
                    assert_eq!(Operator::parse(&operator.to_string()), expected);
                }
            }
        }
        assert_eq!(Operator::parse("for_all_value"), Err(OperatorFault::Unknown));
        assert_eq!(Operator::parse("StringLike"), Err(OperatorFault::Unknown));
    }
}
