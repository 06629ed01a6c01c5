//! Every lint on small documents.
