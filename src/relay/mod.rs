//! The path of a message: [`accept`] takes it in, [`deliver_due`] brings it out.
