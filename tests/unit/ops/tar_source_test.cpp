// SPDX-License-Identifier: MIT
#include "formats/btrfs/flags.h"
#include "libfs/ops/source/posix_acl.h"
#include "libfs/ops/source/tar_source.h"
#include "tests/support/tar_text.h"
#include "tests/support/temporary_folder.h"
#include "tests/unit/ops/mkfs_sources.h"

#include <sys/stat.h>

namespace tar_source_test {

using namespace btrkit;
using namespace btrkit::source;
using namespace btrkit::test;

namespace {

constexpr Time now = {.sec = 1000, .nsec = 5};

Result<SourceTree> read_bytes(const std::string& bytes) {
    const TemporaryFolder folder;
    write_file(folder / "a.tar", bytes);
    return read_tar(folder / "a.tar", folder.path(), now);
}

SourceTree read_members(const std::vector<TarMember>& members) {
    Result<SourceTree> tree = read_bytes(tar_archive(members));
    REQUIRE_MESSAGE(tree.has_value(), tree.error().message);
    return std::move(*tree);
}

/// That these are refused, with a message that has text; entry names too.
void refuses(const std::vector<TarMember>& members, std::string_view text) {
    const Result<SourceTree> tree = read_bytes(tar_archive(members));
    REQUIRE_MESSAGE(!tree.has_value(), text);
    CHECK(tree.error().kind == ErrorKind::damaged);
    says(tree.error(), "a.tar: ");
    says(tree.error(), text);
}

} // namespace

TEST_CASE("files, directories, links and devices come out of a tar") {
    const SourceTree tree = read_members({
        {.name = "./", .type = '5', .mode = 0700, .uid = 3, .gid = 4, .mtime = 99},
        {.name = "./d/", .type = '5', .mode = 01755},
        {.name = "./d/file", .data = "text", .mode = 04711, .uid = 12, .gid = 34, .mtime = 56},
        {.name = "./hard", .type = '1', .link = "./d/file"},
        {.name = "sym", .type = '2', .link = "/d/f"},
        {.name = "chr", .type = '3', .device_major = 259, .device_minor = 70000},
        {.name = "blk", .type = '4', .device_major = 8, .device_minor = 1},
        {.name = "fifo", .type = '6'},
        {.name = "empty"},
    });
    CHECK(tree.inodes[0].mode == (S_IFDIR | 0700));
    CHECK(tree.inodes[0].uid == 3);
    CHECK(tree.inodes[0].mtime == Time{99, 0});
    CHECK(inode_at(tree, "d").mode == (S_IFDIR | 01755));
    const SourceInode& file = inode_at(tree, "d/file");
    CHECK(file.mode == (S_IFREG | 04711));
    CHECK(file.uid == 12);
    CHECK(file.gid == 34);
    CHECK(file.mtime == Time{56, 0});
    CHECK(file.otime == Time{56, 0});
    CHECK(text_of(tree, "d/file") == "text");
    CHECK(number_at(tree, "hard") == number_at(tree, "d/file"));
    CHECK(inode_at(tree, "sym").link_target == "/d/f");
    CHECK(inode_at(tree, "chr").mode == (S_IFCHR | 0644));
    CHECK(inode_at(tree, "chr").device_major == 259);
    CHECK(inode_at(tree, "chr").device_minor == 70000);
    CHECK(S_ISBLK(inode_at(tree, "blk").mode));
    CHECK(S_ISFIFO(inode_at(tree, "fifo").mode));
    CHECK(inode_at(tree, "empty").data.empty());
}

TEST_CASE("an archive of nothing is an empty directory") {
    const SourceTree tree = read_members({});
    CHECK(tree.inodes.size() == 1);
    CHECK(tree.inodes[0].mtime == now);
}

TEST_CASE("missing directories are made, and may come later") {
    const SourceTree tree = read_members({
        {.name = "a/b/c", .data = "1"},
        {.name = "a/", .type = '5', .mode = 0711, .uid = 9},
        {.name = "a/b/d", .data = "2"},
        {.name = "a", .type = '5', .mode = 0722, .uid = 9},
    });
    CHECK(inode_at(tree, "a").mode == (S_IFDIR | 0722));
    CHECK(inode_at(tree, "a").uid == 9);
    CHECK(inode_at(tree, "a/b").mode == (S_IFDIR | 0755));
    CHECK(inode_at(tree, "a/b").uid == 0);
    CHECK(inode_at(tree, "a/b").mtime == now);
    CHECK(text_of(tree, "a/b/c") == "1");
    CHECK(text_of(tree, "a/b/d") == "2");
}

TEST_CASE("no name leads out of the tree") {
    const SourceTree tree = read_members({
        {.name = "/etc/passwd", .data = "1"},
        {.name = "../../../up", .data = "2"},
        {.name = "a/../../b/./c", .data = "3"},
        {.name = "x/..", .type = '5', .mode = 0500},
        {.name = "hard", .type = '1', .link = "../../etc//passwd"},
    });
    CHECK(text_of(tree, "etc/passwd") == "1");
    CHECK(text_of(tree, "up") == "2");
    CHECK(text_of(tree, "b/c") == "3");
    CHECK(tree.inodes[0].mode == (S_IFDIR | 0500));
    CHECK(text_of(tree, "hard") == "1");
    CHECK(tree.inodes.size() == 6);
}

TEST_CASE("names in any bytes, whatever the header says of their charset") {
    const std::string latin = "\xe4\xff";
    const std::string utf8 = "\xc3\xa4\xe4\xb8\xad";
    const std::string surrogates = "\xed\xa0\xbd\xed\xb8\x80"; // what a mender of UTF-8 would mend
    const std::string long_name(255, '\xfc');
    const SourceTree tree = read_members({
        {.name = latin, .data = "1"},
        {.name = "x", .data = "2", .pax = {{"path", utf8}}},
        {.name = "x", .data = "3", .pax = {{"path", "p/" + latin}}},
        {.name = "x", .data = "4", .pax = {{"path", long_name}}},
        {.name = "x", .data = "5", .pax = {{"path", surrogates}}},
        {.name = "s", .type = '2', .link = "y", .pax = {{"linkpath", utf8}}},
        {.name = "h", .type = '1', .link = "y", .pax = {{"linkpath", utf8}}},
    });
    CHECK(text_of(tree, latin) == "1");
    CHECK(text_of(tree, utf8) == "2");
    CHECK(text_of(tree, "p/" + latin) == "3");
    CHECK(text_of(tree, long_name) == "4");
    CHECK(text_of(tree, surrogates) == "5");
    CHECK(inode_at(tree, "s").link_target == utf8);
    CHECK(number_at(tree, "h") == number_at(tree, utf8));
}

TEST_CASE("times of nanoseconds, also before 1970") {
    const SourceTree tree = read_members({
        {.name = "f", .pax = {{"mtime", "-1.25"}, {"atime", "12.000000001"}, {"ctime", "1700000000.5"}}},
        {.name = "g", .pax = {{"mtime", "-3"}}},
    });
    CHECK(inode_at(tree, "f").mtime == Time{-2, 750'000'000});
    CHECK(inode_at(tree, "f").atime == Time{12, 1});
    CHECK(inode_at(tree, "f").ctime == Time{1'700'000'000, 500'000'000});
    CHECK(inode_at(tree, "g").mtime == Time{-3, 0});
    CHECK(inode_at(tree, "g").atime == Time{-3, 0});
}

TEST_CASE("extended attributes, access control lists and flags") {
    const SourceTree tree = read_members({
        {.name = "f",
         .mode = 0670,
         .pax = {{"SCHILY.xattr.user.z", std::string("\0z", 2)},
                 {"SCHILY.xattr.security.capability", "cap"},
                 {"SCHILY.acl.access", "user::rw-,user:1002:r-x,group::r--,mask::rwx,other::---"},
                 {"SCHILY.fflags", "nodump"}}},
        {.name = "d",
         .type = '5',
         .mode = 0755,
         .pax = {{"SCHILY.acl.default", "user::rwx,group::r-x,group:7:rwx:7,mask::rwx,other::r-x"}}},
    });
    const SourceInode& file = inode_at(tree, "f");
    CHECK(xattr_of(file, "user.z") == std::string("\0z", 2));
    CHECK(xattr_of(file, "security.capability") == "cap");
    CHECK(file.mode == (S_IFREG | 0670)); // the mask's, and not the group's
    CHECK(file.flags == btrfs::inode_nodump);
    const auto access = parse_acl_xattr(xattr_of(file, acl_access_xattr).value());
    REQUIRE(access.has_value());
    CHECK(*access == Acl{{.tag = AclTag::user_obj, .permissions = 6},
                         {.tag = AclTag::user, .permissions = 5, .id = 1002},
                         {.tag = AclTag::group_obj, .permissions = 4},
                         {.tag = AclTag::mask, .permissions = 7},
                         {.tag = AclTag::other, .permissions = 0}});
    const auto defaults = parse_acl_xattr(xattr_of(inode_at(tree, "d"), acl_default_xattr).value());
    REQUIRE(defaults.has_value());
    CHECK(defaults->size() == 5);
    CHECK(defaults->at(2) == AclEntry{.tag = AclTag::group, .permissions = 7, .id = 7});
    CHECK(inode_at(tree, "d").mode == (S_IFDIR | 0755));
}

TEST_CASE("an access control list for a name that nobody knows is refused") {
    refuses({{.name = "f", .pax = {{"SCHILY.acl.access", "user::rw-,user:no-such-user-:r--,group::r--,other::---"}}}},
            "f: has an access control list for no-such-user-");
}

TEST_CASE("sparse files keep their holes") {
    const std::string map = "2\n1048576\n3\n5242880\n2\n";
    std::string data = map;
    data.resize(512);
    data += "abc";
    data += "de";
    const SourceTree tree = read_members({{.name = "GNUSparseFile.0/s",
                                           .data = data,
                                           .pax = {{"GNU.sparse.major", "1"},
                                                   {"GNU.sparse.minor", "0"},
                                                   {"GNU.sparse.name", "s"},
                                                   {"GNU.sparse.realsize", "9223372036854775807"}}}});
    const SourceInode& file = inode_at(tree, "s");
    CHECK(file.size == 9223372036854775807U);
    REQUIRE(file.data.size() == 2);
    CHECK(file.data[0].offset == 1048576);
    CHECK(file.data[0].length == 3);
    CHECK(file.data[1].offset == 5242880);
    CHECK(file.data[1].length == 2);
    CHECK(read_range(tree, "s", 1048574, 7).value() == std::string("\0\0abc\0\0", 7));
    CHECK(read_range(tree, "s", 5242881, 3).value() == std::string("e\0\0", 3));
    CHECK(read_range(tree, "s", 9223372036854775800U, 7).value() == std::string(7, '\0'));
}

TEST_CASE("data of many files, and of more than a buffer") {
    std::vector<TarMember> members;
    for (int i = 0; i < 50; ++i) {
        members.push_back({.name = std::to_string(i),
                           .data = std::string(static_cast<std::size_t>(i) * 3001, static_cast<char>('a' + i % 26))});
    }
    members.push_back({.name = "large", .data = std::string(3'000'000, 'L')});
    members.push_back({.name = "last", .data = "end"});
    const SourceTree tree = read_members(members);
    for (const TarMember& member : members) {
        CHECK(text_of(tree, member.name) == member.data);
    }
}

TEST_CASE("of a name that comes twice the last one counts, as tar extracts it") {
    const auto tree = read_members({{.name = "a/f", .data = "old"},
                                    {.name = "kept", .type = '1', .link = "a/f"},
                                    {.name = "./a//f", .data = "newer"},
                                    {.name = "d", .type = '5'},
                                    {.name = "d", .data = "now a file"},
                                    {.name = "e", .data = "a file"},
                                    {.name = "e/", .type = '5'},
                                    {.name = "e/below"},
                                    {.name = "g", .data = "gone"},
                                    {.name = "g", .type = '1', .link = "a/f"},
                                    {.name = "a/f", .type = '1', .link = "a/f"}});
    CHECK(text_of(tree, "a/f") == "newer");
    CHECK(text_of(tree, "kept") == "old");
    CHECK(text_of(tree, "d") == "now a file");
    CHECK(S_ISDIR(inode_at(tree, "e").mode));
    CHECK(inode_at(tree, "e/below").size == 0);
    CHECK(number_at(tree, "g") == number_at(tree, "a/f"));
    CHECK(tree.inodes.size() == 7); // the top, a, a/f, kept, d, e, e/below: nothing without a name
    refuses({{.name = "d/f"}, {.name = "d"}}, "d: is a directory that is not empty");
    refuses({{.name = "."}}, ".: is the top directory");
}

TEST_CASE("symlinks on the way are followed, inside the tree") {
    const auto tree = read_members({{.name = "real/sub", .type = '5'},
                                    {.name = "d", .type = '2', .link = "real"},
                                    {.name = "d/file", .data = "one"},
                                    {.name = "real/up", .type = '2', .link = "../../../real/./sub"},
                                    {.name = "d/up/deep", .data = "two"},
                                    {.name = "abs", .type = '2', .link = "/real"},
                                    {.name = "abs/new/last", .data = "three"},
                                    {.name = "hard", .type = '1', .link = "d/file"},
                                    {.name = "d", .type = '5'},
                                    {.name = "d/own", .data = "four"}});
    CHECK(text_of(tree, "real/file") == "one");
    CHECK(text_of(tree, "real/sub/deep") == "two");
    CHECK(text_of(tree, "real/new/last") == "three");
    CHECK(number_at(tree, "hard") == number_at(tree, "real/file"));
    CHECK(text_of(tree, "d/own") == "four");
    CHECK(inode_at(tree, "d").entries.size() == 1);
}

TEST_CASE("what is below a file or a link to nothing is refused") {
    refuses({{.name = "f"}, {.name = "f/x/y"}}, "f/x/y: f is not a directory");
    refuses({{.name = "a/s", .type = '2', .link = "/etc"}, {.name = "a/s/passwd"}}, "a/s/passwd: etc is not there");
    refuses({{.name = "s", .type = '2', .link = "t"}, {.name = "t", .type = '2', .link = "s"}, {.name = "s/x"}},
            "s/x: leads through too many symlinks");
}

TEST_CASE("hard links need something to link to") {
    refuses({{.name = "h", .type = '1', .link = "no/where"}}, "h: is a hard link to no/where, which is not there");
    refuses({{.name = "h", .type = '1', .link = "h"}}, "h: is a hard link to h, which is not there");
    refuses({{.name = "d", .type = '5'}, {.name = "h", .type = '1', .link = "d"}}, "which is a directory");
    refuses({{.name = "h", .type = '1', .link = "."}}, "which is a directory");
}

TEST_CASE("values that no filesystem can have are refused") {
    refuses({{.name = "x", .pax = {{"path", "a/" + std::string(256, 'n')}}}}, "has a name of 256 bytes");
    refuses({{.name = "x", .pax = {{"uid", "4294967295"}}}}, "x: uid 4294967295 is out of range");
    refuses({{.name = "x", .type = '3', .device_major = 4096}}, "x: device number 4096:0");
    refuses({{.name = "x", .pax = {{"SCHILY.xattr.user." + std::string(255, 'n'), "v"}}}}, "x: extended attribute");
    refuses({{.name = "x", .pax = {{"SCHILY.xattr.user.v", std::string(65537, 'v')}}}}, "x: extended attribute");
    refuses({{.name = "x", .type = '2', .link = ""}}, "x: is a symbolic link to nothing");
}

TEST_CASE("an archive that is cut short or damaged is refused, naming the last entry") {
    const std::string first = tar_member({.name = "first", .data = std::string(600, 'f')});
    const std::string second = tar_member({.name = "second", .data = std::string(600, 's')});
    const std::string whole = first + second + std::string(1024, '\0');
    REQUIRE(read_bytes(whole).has_value());
    for (const std::size_t length :
         {std::size_t{100}, std::size_t{700}, first.size(), first.size() + 100, first.size() + 512,
          first.size() + second.size() - 100, first.size() + second.size()}) {
        CAPTURE(length);
        const auto tree = read_bytes(whole.substr(0, length));
        REQUIRE(!tree.has_value());
        CHECK(tree.error().kind == ErrorKind::damaged);
        says(tree.error(), "a.tar: ");
        if (length >= first.size() + 512) {
            says(tree.error(), "second");
        } else if (length > 512) {
            says(tree.error(), "first");
        }
    }
    std::string wrong = whole;
    wrong[first.size() + 5] ^= 1;
    const auto tree = read_bytes(wrong);
    REQUIRE(!tree.has_value());
    says(tree.error(), "first");
    CHECK(!read_bytes("").has_value());
    CHECK(!read_bytes("this is no tar").has_value());
}

TEST_CASE("sizes that are only claimed cost nothing") {
    std::string huge = tar_member({.name = "huge", .pax = {{"size", "8000000000000000000"}}});
    huge += std::string(4096, 'x');
    const auto tree = read_bytes(huge);
    REQUIRE(!tree.has_value());
    says(tree.error(), "huge");
}

TEST_CASE("archives and places that are not there") {
    const TemporaryFolder folder;
    const auto nothing = read_tar(folder / "no.tar", folder.path(), now);
    REQUIRE(!nothing.has_value());
    CHECK(nothing.error().kind == ErrorKind::io);
    says(nothing.error(), "no.tar: cannot open: No such file");
    write_file(folder / "a.tar", tar_archive({}));
    const auto nowhere = read_tar(folder / "a.tar", folder / "nowhere", now);
    REQUIRE(!nowhere.has_value());
    says(nowhere.error(), "nowhere: cannot make a temporary file");
    REQUIRE(read_tar(folder / "a.tar", folder.path(), now).has_value());
    CHECK(std::distance(std::filesystem::directory_iterator(folder.path()), {}) == 1); // nothing is left behind
}

} // namespace tar_source_test
