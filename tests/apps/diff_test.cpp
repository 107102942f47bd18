// SPDX-License-Identifier: MIT
// btrkit-diff on images that btrkit-mkfs made: each kind of difference as a line, and the statuses of diff(1). (What
// random changes make is the business of tests/diff.)
#include "apps/diff/diff.h"
#include "apps/edit/edit.h"
#include "apps/subvolume/subvolume.h"
#include "libfs/render/fields_json.h"
#include "tests/apps/made_image.h"

#include <fstream>

#include <doctest/doctest.h>

namespace diff_test {

using namespace btrkit;
using namespace btrkit::test;

namespace {

ToolRun diff(const std::vector<std::string>& arguments) {
    return run_tool(apps::run_diff, arguments);
}

/// An image whose subvolumes /sub and /new are the same, but for what the script does in /new.
class Changed {
public:
    explicit Changed(const std::vector<std::string>& lines, const std::vector<std::string>& before = {}) {
        if (!before.empty()) {
            run_script(before);
        }
        REQUIRE(run_tool(apps::run_subvolume, {"snapshot", image.path(), "/sub", "/new"}).status == 0);
        run_script(lines);
    }

    std::string difference(const std::vector<std::string>& options = {}) const {
        std::vector<std::string> arguments = {image.path(), "/sub", "/new"};
        arguments.insert(arguments.end(), options.begin(), options.end());
        const auto run = diff(arguments);
        CHECK(run.err.empty());
        CHECK(run.status == (run.out.empty() ? 0 : 1));
        return run.out;
    }

    MadeImage image{{"--size", "256m"}};

private:
    void run_script(const std::vector<std::string>& lines) const {
        const std::string script = image.beside("script");
        std::ofstream file(script);
        for (const auto& line : lines) {
            file << line << "\n";
        }
        file.close();
        const auto run = run_tool(apps::run_edit, {"-f", script, image.path()});
        CAPTURE(run.err);
        REQUIRE((lines.empty() || run.status == 0));
    }
};

} // namespace

TEST_CASE("diff: a snapshot without changes is equal, and so is an image to itself") {
    const Changed same({});
    CHECK(same.difference().empty());
    CHECK(diff({same.image.path(), "--other-image", same.image.path()}).status == 0);
    CHECK(diff({same.image.path(), "/docs", "/docs"}).status == 0);
}

TEST_CASE("diff: what is different about a path") {
    CHECK(Changed({"chmod 600 /new/inside"}).difference() == "changed /inside: mode\n");
    CHECK(Changed({"chown 3:4 /new/inside"}).difference() == "changed /inside: owner\n");
    CHECK(Changed({"touch -d @5 /new/inside"}).difference() == "changed /inside: mtime\n");
    CHECK(Changed({"setfattr -n user.a -v b /new/inside"}).difference() == "changed /inside: xattrs\n");
    CHECK(Changed({"chattr +i /new/inside"}).difference() == "changed /inside: flags\n");
    CHECK(Changed({"truncate -s 3 /new/inside"}).difference({"--ignore", "mtime"}) == "changed /inside: data\n");
    CHECK(Changed({"rm /new/inside", "mkdir /new/inside"}).difference({"--ignore", "mtime"}) ==
          "changed /inside/: type\n");
    CHECK(Changed({"rm /new/link", "ln -s other /new/link"}, {"ln -s target /sub/link"})
              .difference({"--ignore", "mtime"}) == "changed /link: target\n");
    CHECK(Changed({"rm /new/null", "mknod /new/null c 1 5"}, {"mknod /sub/null c 1 3"})
              .difference({"--ignore", "mtime"}) == "changed /null: device\n");
}

TEST_CASE("diff: a rename is one line, whatever is in it; or removed and added") {
    const Changed moved({"mv /new/folder /new/other", "mv /new/other/file /new/file"},
                        {"mkdir /sub/folder", "put " BTRKIT_SOURCE_DIR "/LICENSE /sub/folder/file"});
    CHECK(moved.difference({"--ignore", "mtime"}) == "renamed /folder/ -> /other/\nrenamed /folder/file -> /file\n");
    CHECK(moved.difference({"--ignore", "mtime", "--no-renames"}) ==
          "added /file\nremoved /folder/\nremoved /folder/file\nadded /other/\n");
}

TEST_CASE("diff: lines of JSON, and nothing but the status when quiet") {
    const Changed changed({"chmod 600 /new/inside", "mkdir /new/made"});
    const auto run = diff({"--ignore", "mtime", "--format", "json", changed.image.path(), "/sub", "/new"});
    CHECK(run.status == 1);
    CHECK(contains(run.out, R"({"change":"changed","path":"/inside","path_hex":null,"from":null,"from_hex":null,)"
                            R"("type":"file","is_subvolume":false,"different":["mode"]})"));
    CHECK(run.out.ends_with("{\"end\":{\"changes\":2,\"failures\":0}}\n"));
    CHECK(changed.difference().size() > 10);
    const auto quiet = diff({"-q", changed.image.path(), "/sub", "/new"});
    CHECK(quiet.status == 1);
    CHECK(quiet.out.empty());
    std::ifstream file(BTRKIT_SOURCE_DIR "/docs/json-schema-diff.md");
    const std::string schema{std::istreambuf_iterator<char>(file), {}};
    for (const auto* name :
         {"change", "path", "from", "type", "is_subvolume", "different", "end", "changes", "failures"}) {
        CHECK(contains(schema, "`" + std::string(name) + "`"));
    }
}

TEST_CASE(
    "diff: between two images data is compared by its bytes, and subvolumes are entered where that is asked for") {
    const MadeImage one({"--size", "256m"});
    const MadeImage other({"--size", "300m", "--compress", "zstd"}, 1, "another");
    const std::vector<std::string> both = {one.path(),     "--other-image", other.path(),
                                           "--subvolumes", "--ignore",      "mtime,xattrs"};
    CHECK(diff(both).out.empty());
    CHECK(diff(both).status == 0);
    REQUIRE(run_tool(apps::run_edit, {other.path(), "truncate", "-s", "4", "/sub/inside"}).status == 0);
    CHECK(diff(both).out == "changed /sub/inside: data\n");
    CHECK(diff({one.path(), "--other-image", other.path(), "--ignore", "mtime"}).status == 0);
    CHECK(diff({one.path(), "sub", "--other-image", other.path(), "--ignore", "mtime"}).status == 1);
}

TEST_CASE("diff: what can't be read is trouble, and the rest is told") {
    const MadeImage one({"--size", "256m"});
    const MadeImage other({"--size", "256m"});
    one.spoil_data(5000);
    REQUIRE(run_tool(apps::run_edit, {one.path(), "mkdir", "/made"}).status == 0);
    const auto run = diff({one.path(), "--other-image", other.path(), "--ignore", "mtime"});
    CHECK(run.status == 2);
    CHECK(run.out == "removed /made/\n");
    CHECK(contains(run.err, ": /docs/deep/data: "));
}

TEST_CASE("diff: wrong usage") {
    const MadeImage image({"--size", "256m"});
    CHECK(diff({image.path()}).status == 2);
    CHECK(diff({image.path(), "/sub"}).status == 2);
    CHECK(diff({image.path(), "/sub", "/none"}).status == 2);
    CHECK(diff({image.path(), "/sub", "/docs/small"}).status == 2);
    CHECK(contains(diff({image.path(), "/", "/", "--ignore", "nothing"}).err, "'nothing' is not one of type, data"));
}

} // namespace diff_test
