// SPDX-License-Identifier: MIT
#include "libfs/stream/stream_dump.h"

#include "libfs/base/names.h"

#include <array>
#include <ctime>
#include <initializer_list>

namespace btrkit {

namespace send = btrfs::send;

namespace {

using A = send::Attribute;

/// How a field shows its attribute.
enum class Form : u8 {
    decimal,
    octal,
    hex,
    length, ///< how many bytes it has
    text,
    target, ///< of a symlink: text without the NULs behind it
    path,   ///< text, behind the subvolume's
    uuid,
    time,
};

struct Field {
    A attribute = A::none;
    std::string_view label;
    Form form = Form::decimal;
};

/// The fields behind the path, in the peer's order, which is not that of the stream.
struct Line {
    send::Command command = send::Command::none;
    std::array<Field, 7> fields{};
    std::size_t comma_from = fields.size(); ///< fields from this one on stand behind a comma
};

constexpr std::array lines = std::to_array<Line>({
    {send::Command::subvol, {{{A::uuid, "uuid", Form::uuid}, {A::ctransid, "transid"}}}},
    {send::Command::snapshot,
     {{{A::uuid, "uuid", Form::uuid},
       {A::ctransid, "transid"},
       {A::clone_uuid, "parent_uuid", Form::uuid},
       {A::clone_ctransid, "parent_transid"}}}},
    {send::Command::mknod, {{{A::mode, "mode", Form::octal}, {A::rdev, "dev", Form::hex}}}},
    {send::Command::symlink, {{{A::path_link, "dest", Form::target}}}},
    {send::Command::rename, {{{A::path_to, "dest", Form::path}}}},
    {send::Command::link, {{{A::path_link, "dest", Form::text}}}},
    {send::Command::set_xattr,
     {{{A::xattr_name, "name", Form::text},
       {A::xattr_data, "data", Form::text},
       {A::xattr_data, "len", Form::length}}}},
    {send::Command::remove_xattr, {{{A::xattr_name, "name", Form::text}}}},
    {send::Command::write, {{{A::file_offset, "offset"}, {A::data, "len", Form::length}}}},
    {send::Command::clone,
     {{{A::file_offset, "offset"},
       {A::clone_len, "len"},
       {A::clone_path, "from", Form::path},
       {A::clone_offset, "clone_offset"}}}},
    {send::Command::truncate, {{{A::size, "size"}}}},
    {send::Command::chmod, {{{A::mode, "mode", Form::octal}}}},
    {send::Command::chown, {{{A::gid, "gid"}, {A::uid, "uid"}}}},
    {send::Command::utimes,
     {{{A::atime, "atime", Form::time}, {A::mtime, "mtime", Form::time}, {A::ctime, "ctime", Form::time}}}},
    {send::Command::update_extent, {{{A::file_offset, "offset"}, {A::size, "len"}}}},
    {send::Command::fallocate, {{{A::fallocate_mode, "mode"}, {A::file_offset, "offset"}, {A::size, "len"}}}},
    {send::Command::fileattr, {{{A::fileattr, "fileattr", Form::hex}}}},
    {send::Command::encoded_write,
     {{{A::file_offset, "offset"},
       {A::data, "len", Form::length},
       {A::unencoded_file_len, "unencoded_file_len"},
       {A::unencoded_len, "unencoded_len"},
       {A::unencoded_offset, "unencoded_offset"},
       {A::compression, "compression"},
       {A::encryption, "encryption"}}},
     2},
    {send::Command::enable_verity,
     {{{A::verity_algorithm, "algorithm"},
       {A::verity_block_size, "block_size"},
       {A::verity_salt_data, "salt_len", Form::length},
       {A::verity_sig_data, "sig_len", Form::length}}}},
});

/// "2026-11-21T00:49:09+0000"; seconds where no calendar has that year.
void put_time(TextBuffer& out, const btrfs::Timespec& time) {
    const auto seconds = static_cast<std::time_t>(u64{time.sec});
    std::tm parts{};
    if (::localtime_r(&seconds, &parts) == nullptr) {
        out.put('@');
        out.dec(seconds);
        return;
    }
    std::array<char, 64> text{};
    out.put(std::string_view(text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S%z", &parts)));
}

void put_field(TextBuffer& out, const Field& field, const StreamCommand& command, std::string_view subvolume) {
    out.put(field.label);
    out.put('=');
    switch (field.form) {
    case Form::decimal: out.dec(command.integer(field.attribute)); break;
    case Form::octal: out.octal(command.integer(field.attribute)); break;
    case Form::hex:
        out.put("0x");
        out.hex(command.integer(field.attribute));
        break;
    case Form::length: out.dec(command.data(field.attribute).size()); break;
    case Form::path: put_escaped(out, subvolume); [[fallthrough]];
    case Form::text: put_escaped(out, command.text(field.attribute)); break;
    case Form::target: put_escaped(out, send::link_target(command.text(field.attribute))); break;
    case Form::uuid: put_uuid(out, command.uuid(field.attribute)); break;
    case Form::time: put_time(out, command.time(field.attribute)); break;
    }
}

/// Spaces behind what was put since begin, up to a column.
void pad(TextBuffer& out, std::size_t begin, std::size_t column) {
    while (out.size() - begin < column) {
        out.put(' ');
    }
}

} // namespace

void StreamDump::put(TextBuffer& out, const StreamCommand& command) {
    constexpr std::size_t name_column = 16;
    constexpr std::size_t path_column = 32;

    if (command.command() == send::Command::end) {
        return;
    }
    const bool begins = command.command() == send::Command::subvol || command.command() == send::Command::snapshot;
    if (begins) {
        subvolume_ = "./";
    }
    const std::size_t name_begin = out.size();
    out.put(command.info().name);
    pad(out, name_begin, name_column);
    const std::size_t path_begin = out.size();
    put_escaped(out, subvolume_);
    put_escaped(out, command.text(A::path));

    const auto line = std::ranges::find(lines, command.command(), &Line::command);
    if (line != lines.end()) {
        pad(out, path_begin, path_column - 1);
        for (std::size_t i = 0; i < line->fields.size() && line->fields[i].attribute != A::none; ++i) {
            out.put(i < line->comma_from ? " " : ", ");
            put_field(out, line->fields[i], command, subvolume_);
        }
    }
    out.put('\n');
    if (begins) {
        subvolume_ += command.text(A::path);
        subvolume_ += '/';
    }
}

Result<void> dump_streams(ByteSource source, OutputSink& out) {
    constexpr std::size_t flush_bytes = 256U << 10;
    Decoder decoder(std::move(source));
    StreamDump dump;
    TextBuffer text;
    const auto flush = [&] {
        auto written = out.write(text.view());
        text.clear();
        return written;
    };
    // Returns what went wrong, after everything before it was written.
    const auto stop = [&](const Error& error) -> Result<void> {
        auto written = flush();
        return written ? std::unexpected(error) : written;
    };
    for (;;) {
        const auto version = decoder.begin_stream();
        if (!version) {
            return stop(version.error());
        }
        if (!*version) {
            return flush();
        }
        for (bool more = true; more;) {
            const auto command = decoder.next();
            if (!command) {
                return stop(command.error());
            }
            dump.put(text, *command);
            more = command->command() != send::Command::end;
            if (text.size() >= flush_bytes) {
                BTRKIT_TRY(flush());
            }
        }
    }
}

} // namespace btrkit
