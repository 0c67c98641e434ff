use super::{dif, sylk};

#[test]
fn cells_of_sylk_stand_where_their_records_say() {
    let source = "ID;PWXL\nB;Y2;X3\nC;Y1;X1;K\"Name\"\nC;X3;K\"SSN\"\nC;Y2;X1;K\"Doe;; Jane\"\nF;X3\nC;K536228145\nE\n";
    assert_eq!(sylk(source), "Name\t\tSSN\nDoe; Jane\t\t536228145\n");
}

#[test]
fn cells_of_dif_follow_each_other() {
    let source = "TABLE\n0,1\n\"x\"\nDATA\n0,0\n\"\"\n-1,0\nBOT\n1,0\n\"Name\"\n1,0\n\"SSN\"\n-1,0\nBOT\n1,0\n\"Jane Doe\"\n0,536228145\nV\n-1,0\nEOD\n";
    assert_eq!(dif(source), "Name\tSSN\nJane Doe\t536228145\n");
}

#[test]
fn a_far_column_takes_no_room() {
    assert_eq!(sylk("ID;P\nC;Y1;X99999999999;K1\nC;Y1;X16384;K1\nE"), "");
}
