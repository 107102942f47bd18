// SPDX-License-Identifier: MIT
// btrkit-ls, btrkit-cat and btrkit-find on images that btrkit-mkfs made, sound and damaged. (What kernels show is the
// business of tests/reading and tests/kernel/reading.)
#include "apps/cat/cat.h"
#include "apps/find/find.h"
#include "apps/ls/ls.h"
#include "apps/stat/stat.h"
#include "libfs/render/fields_json.h"
#include "tests/apps/made_image.h"

#include <sstream>

#include <doctest/doctest.h>

namespace reading_test {

using namespace btrkit;
using namespace btrkit::test;

namespace {

ToolRun ls(const std::vector<std::string>& arguments) {
    return run_tool(apps::run_ls, arguments);
}
ToolRun cat(const std::vector<std::string>& arguments) {
    return run_tool(apps::run_cat, arguments);
}
ToolRun find(const std::vector<std::string>& arguments) {
    return run_tool(apps::run_find, arguments);
}

std::string text_of_content() {
    const auto bytes = MadeImage::content();
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

} // namespace

TEST_CASE("ls: names of the top, of paths, and of all below") {
    const MadeImage image;
    CHECK(ls({image.path()}).out == "docs\nsub\n");
    CHECK(ls({image.path(), "/docs"}).out == "deep\nsmall\n");
    CHECK(ls({image.path(), "docs/deep", "docs/small"}).out == "/docs/small\n\n/docs/deep:\ndata\n");
    CHECK(ls({"-R", image.path()}).out ==
          "/:\ndocs\nsub\n\n/docs:\ndeep\nsmall\n\n/docs/deep:\ndata\n\n/sub:\ninside\n");
    CHECK(ls({"-d", image.path(), "docs"}).out == "/docs\n");
    CHECK(ls({"-r", image.path()}).out == "sub\ndocs\n");
    CHECK(ls({"-a", image.path(), "docs/deep"}).out == ".\n..\ndata\n");
    CHECK(ls({"-s", "sub", image.path()}).out == "inside\n");
    const auto lines = ls({"-l", image.path(), "/docs"}).out;
    CHECK(contains(lines, "drwx"));
    CHECK(contains(lines, "          5 "));
}

TEST_CASE("ls: what is not there, and wrong usage") {
    const MadeImage image;
    const auto run = ls({image.path(), "/nowhere", "/docs"});
    CHECK(run.status == 1);
    CHECK(contains(run.err, "no \"nowhere\""));
    CHECK(contains(run.out, "small"));
    CHECK(ls({}).status == 2);
    CHECK(ls({"--help"}).status == 0);
    CHECK(ls({"-s", "docs", image.path()}).status == 1);
}

TEST_CASE("ls: lines of JSON begin with a header") {
    const MadeImage image;
    std::istringstream lines(ls({"--format", "json", "-R", image.path()}).out);
    std::string line;
    REQUIRE(std::getline(lines, line));
    CHECK(Json::parse(line)["__header"]["document"] == "ls");
    std::vector<std::string> paths;
    while (std::getline(lines, line)) {
        paths.push_back(Json::parse(line)["path"]);
    }
    CHECK(paths ==
          std::vector<std::string>{"/docs", "/sub", "/docs/deep", "/docs/small", "/docs/deep/data", "/sub/inside"});
}

TEST_CASE("cat: whole files, and parts of them") {
    const MadeImage image;
    CHECK(cat({image.path(), "docs/small", "sub/inside"}).out == "smallinside");
    CHECK(cat({image.path(), "docs/deep/data"}).out == text_of_content());
    CHECK(cat({image.path(), "--offset", "5001", "--length", "9000", "docs/deep/data"}).out ==
          text_of_content().substr(5001, 9000));
    CHECK(cat({image.path(), "--offset", "1g", "docs/deep/data"}).out.empty());
    CHECK(cat({image.path()}).status == 2);
    CHECK(contains(cat({image.path(), "docs"}).err, "is a directory"));
}

TEST_CASE("cat: what no copy proves is told, and zeros, left out, or written as it is") {
    const MadeImage image;
    image.spoil_data(8192 + 7);
    const auto wanted = text_of_content();
    auto zeros = wanted;
    std::fill_n(zeros.begin() + 8192, 4096, '\0');
    const auto run = cat({image.path(), "docs/deep/data"});
    CHECK(run.status == 1);
    CHECK(contains(run.err, "/docs/deep/data: bytes 8192 to 12287 are bad: "));
    CHECK(run.out == zeros);
    CHECK(cat({"--bad", "skip", image.path(), "docs/deep/data"}).out == wanted.substr(0, 8192) + wanted.substr(12288));
    auto raw = wanted;
    raw[8192 + 7] ^= 1;
    CHECK(cat({"--bad", "raw", image.path(), "docs/deep/data"}).out == raw);
    CHECK(cat({"--bad", "raw", "--offset", "8190", "--length", "100", image.path(), "docs/deep/data"}).out ==
          raw.substr(8190, 100));
    CHECK(cat({"--offset", "12288", image.path(), "docs/deep/data"}).status == 0);
    CHECK(cat({"--bad", "so", image.path(), "docs/small"}).status == 2);
}

TEST_CASE("find: its tests, with one dash and two") {
    const MadeImage image;
    CHECK(find({image.path()}).out == "/\n/docs\n/docs/deep\n/docs/deep/data\n/docs/small\n/sub\n/sub/inside\n");
    CHECK(find({image.path(), "-name", "s*"}).out == "/docs/small\n/sub\n");
    CHECK(find({image.path(), "--name=S*"}).out.empty());
    CHECK(find({image.path(), "-iname", "S*", "-type", "f"}).out == "/docs/small\n");
    CHECK(find({image.path(), "-type", "f", "-size", "-2"}).out == "/docs/small\n/sub/inside\n");
    CHECK(find({image.path(), "-size", "+100k"}).out == "/docs/deep/data\n");
    CHECK(find({image.path(), "-maxdepth", "1"}).out == "/\n/docs\n/sub\n");
    CHECK(find({image.path(), "/docs", "-mindepth", "1", "-path", "*deep*"}).out == "/docs/deep\n/docs/deep/data\n");
    CHECK(find({image.path(), "-regex", "/d.*(data|small)"}).out == "/docs/deep/data\n/docs/small\n");
    CHECK(find({image.path(), "-inum", "256", "-print0"}).out == std::string("/\0/sub\0", 7));
    CHECK(find({image.path(), "-type", "x"}).status == 2);
    CHECK(find({image.path(), "-mtime", "later"}).status == 2);
    CHECK(find({image.path(), "-print0", "--bodyfile"}).status == 2);
}

TEST_CASE("find: hashes of what is proven, and of nothing else") {
    const MadeImage image;
    CHECK(find({image.path(), "-name", "small", "--hash", "sha256"}).out ==
          "81db8ebbbbc69c6c6ad4a6aa92b76e0c08af547da236b9e2c9dbe1d8285a8130  /docs/small\n");
    image.spoil_data(4096);
    const auto run = find({image.path(), "--hash", "sha256"});
    CHECK(run.status == 1);
    CHECK_FALSE(contains(run.out, "deep/data"));
    CHECK(contains(run.out, "small"));
    CHECK(contains(run.err, "/docs/deep/data: bytes 4096 to 8191 are bad"));
}

TEST_CASE("find: a bodyfile has no field that a name could end") {
    const MadeImage image;
    const auto line = find({image.path(), "-name", "small", "--bodyfile"}).out;
    CHECK(line.starts_with("0|/docs/small|"));
    CHECK(std::ranges::count(line, '|') == 10);
}

TEST_CASE("stat: fields, names and extents, and whether what a file holds is proven") {
    const MadeImage image;
    const auto stat = [](const std::vector<std::string>& arguments) { return run_tool(apps::run_stat, arguments); };
    const auto text = stat({image.path(), "docs/deep/data"}).out;
    CHECK(contains(text, "  Path: /docs/deep/data\n"));
    CHECK(contains(text, "  Name: /docs/deep/data\n"));
    CHECK(contains(text, "Size: 300000"));
    CHECK(contains(text, " data  "));
    CHECK(contains(text, "    1  1:"));
    CHECK(contains(stat({"--verify", image.path(), "docs/deep/data"}).out, "Verified: all of it is proven\n"));
    CHECK(contains(stat({image.path(), "docs/small"}).out, " inline"));
    CHECK(stat({image.path(), "nowhere"}).status == 1);
    image.spoil_data(4096);
    const auto run = stat({"--verify", image.path(), "docs/deep/data"});
    CHECK(run.status == 1);
    CHECK(contains(run.out, "Verified: 4096 bytes are bad\n"));
    CHECK(contains(run.err, "bytes 4096 to 8191 are bad"));
}

TEST_CASE("reading: where the top's leaf is lost, all that is told is told as an error") {
    const MadeImage image;
    image.change([](SparseBytes& all) {
        for (auto at = find_text(all, "small"); at; at = find_text(all, "small", *at + 1)) {
            all.part(*at)[0] ^= std::byte{1};
        }
    });
    for (const auto& run : {ls({"-lR", image.path()}), find({image.path()})}) {
        CHECK(run.status == 1);
        CHECK(contains(run.err, "[block-lost]"));
        // The other subvolume is whole, but nothing says where it hangs.
        CHECK(contains(run.out, "lost+found/subvolume-256"));
        CHECK(contains(run.out, "inside"));
    }
}

} // namespace reading_test
