#include "store/rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

namespace postern::store {
namespace {

struct TableText {
  const char* all;
  const char* put;
  const char* drop;
};

TableText texts(Table table) {
  switch (table) {
    case Table::notes:
      return {"SELECT key, value FROM notes", "INSERT OR REPLACE INTO notes VALUES(?,?)", "DELETE FROM notes WHERE key=?"};
    case Table::pending:
      return {"SELECT key, value FROM pending", "INSERT OR REPLACE INTO pending VALUES(?,?)", "DELETE FROM pending WHERE key=?"};
    case Table::in_use: break;
  }
  return {"SELECT key, value FROM in_use", "INSERT OR REPLACE INTO in_use VALUES(?,?)", "DELETE FROM in_use WHERE key=?"};
}

base::Error damaged(const std::string& path, std::string_view what, const base::Hash& hash) {
  return base::fail(base::ErrorCode::damaged, path,
                    fmt::format("The bytes of {} {} have changed on the disk. What is damaged can be fetched "
                                "again from the other machines.",
                                what, base::to_text(hash)));
}

base::Signature signature_from(const std::string& bytes) {
  base::Signature signature;
  if (bytes.size() == signature.bytes.size()) std::memcpy(signature.bytes.data(), bytes.data(), bytes.size());
  return signature;
}

std::string_view view(const base::Signature& signature) {
  return {reinterpret_cast<const char*>(signature.bytes.data()), signature.bytes.size()};
}

constexpr const char* all_commits = "SELECT header, signature, staged, hash FROM commits ORDER BY n";

cluster::StoredCommit commit_in(const Statement& row) {
  return {{row.bytes(0), signature_from(row.bytes(1))}, row.number(2) != 0};
}

/// One prepared statement run for many keys.
base::Result<void> run_for_each(Sql& sql, const char* text, const std::vector<base::Hash>& hashes) {
  if (hashes.empty()) return {};
  auto statement = sql.prepare(text);
  if (!statement) return statement.error();
  for (const auto& hash : hashes) {
    auto done = statement->bind(hash).run();
    if (!done) return done;
  }
  return {};
}

base::Result<void> put_commits(Sql& sql, const std::vector<cluster::StoredCommit>& commits) {
  if (commits.empty()) return {};
  auto insert = sql.prepare(
      "INSERT INTO commits(hash, member, incarnation, seq, header, signature, staged) "
      "VALUES(?,?,?,?,?,?,?)"
      " ON CONFLICT(hash) DO UPDATE SET staged=min(staged, excluded.staged), signature=excluded.signature, "
      "header=excluded.header");
  if (!insert) return insert.error();
  for (const auto& commit : commits) {
    auto header = cluster::decode_header(commit.envelope.header);
    if (!header) return header.error();
    const base::Hash id = commit.envelope.id();
    auto done = insert->bind(id)
                    .bind(header->dot.member)
                    .bind(static_cast<std::int64_t>(header->dot.incarnation))
                    .bind(static_cast<std::int64_t>(header->dot.seq))
                    .bind(commit.envelope.header)
                    .bind(view(commit.envelope.signature))
                    .bind(commit.staged ? 1 : 0)
                    .run();
    if (!done) return done;
  }
  return {};
}

base::Result<void> put_values(Sql& sql, const cluster::Values& values) {
  if (values.empty()) return {};
  auto insert = sql.prepare(
      "INSERT INTO blobs(hash, bytes) VALUES(?,?) ON CONFLICT(hash) DO UPDATE SET bytes=excluded.bytes "
      "WHERE bytes<>excluded.bytes");  // one that was damaged is mended
  if (!insert) return insert.error();
  for (const auto& [hash, bytes] : values) {
    auto done = insert->bind(hash).bind(bytes).run();
    if (!done) return done;
  }
  return {};
}

base::Result<void> put_table(Sql& sql, Table table, const std::map<std::string, std::optional<std::string>>& changes) {
  if (changes.empty()) return {};
  auto put = sql.prepare(texts(table).put);
  if (!put) return put.error();
  auto drop = sql.prepare(texts(table).drop);
  if (!drop) return drop.error();
  for (const auto& [key, value] : changes) {
    auto done = value ? put->bind(key).bind(*value).run() : drop->bind(key).run();
    if (!done) return done;
  }
  return {};
}

/// The values of one commit's writes, in their order.
base::Result<std::vector<std::string>> values_of(Sql& sql, const std::string& path, const std::string& header) {
  auto decoded = cluster::decode_header(header);
  if (!decoded) return decoded.error();
  std::vector<std::string> values;
  for (const auto& write : decoded->writes) {
    if (write.value.is_nil()) continue;
    auto value = read_value(sql, path, write.value);
    if (!value) return value.error();
    if (!*value)
      return base::fail(base::ErrorCode::not_found, path,
                        fmt::format("The value {} of commit {} is not kept here any more.", base::to_text(write.value),
                                    cluster::to_text(decoded->dot)));
    values.push_back(std::move(**value));
  }
  return values;
}

std::size_t size_of(const cluster::Ship::Item& item) {
  std::size_t size = item.envelope.header.size() + item.envelope.signature.bytes.size();
  for (const auto& value : item.values) size += value.size();
  return size;
}

}  // namespace

base::Result<void> read_commits(Sql& sql, Contents& into) {
  auto rows = sql.prepare(all_commits);
  if (!rows) return rows.error();
  while (true) {
    auto row = rows->step();
    if (!row) return row.error();
    if (!*row) return {};
    auto commit = commit_in(*rows);
    const base::Hash hash = rows->hash(3);
    if (commit.envelope.id() == hash) {
      into.commits.push_back(std::move(commit));
    } else {
      into.damaged.push_back({hash, commit.envelope.id()});
    }
  }
}

base::Result<std::map<std::string, std::string>> read_table(Sql& sql, Table table) {
  auto rows = sql.prepare(texts(table).all);
  if (!rows) return rows.error();
  std::map<std::string, std::string> content;
  while (true) {
    auto row = rows->step();
    if (!row) return row.error();
    if (!*row) return content;
    content.emplace(rows->bytes(0), rows->bytes(1));
  }
}

base::Result<std::optional<std::string>> read_value(Sql& sql, const std::string& path, const base::Hash& hash) {
  auto statement = sql.prepare("SELECT bytes FROM blobs WHERE hash=?");
  if (!statement) return statement.error();
  auto row = statement->bind(hash).step();
  if (!row) return row.error();
  if (!*row) return std::optional<std::string>();
  std::string bytes = statement->bytes(0);
  if (base::hash_bytes(bytes) != hash) return damaged(path, "value", hash);
  return std::optional<std::string>(std::move(bytes));
}

base::Result<std::vector<cluster::Ship::Item>> read_visible(Sql& sql, const std::string& path,
                                                            const std::vector<base::Hash>& hashes, std::size_t max_bytes) {
  auto rows = sql.prepare("SELECT header, signature, staged, hash FROM commits WHERE hash=? AND staged=0");
  if (!rows) return rows.error();
  std::vector<cluster::Ship::Item> items;
  std::size_t size = 0;
  for (const base::Hash& hash : hashes) {
    auto row = rows->bind(hash).step();
    if (!row) return row.error();
    if (!*row) return items;
    cluster::Ship::Item item;
    item.envelope = commit_in(*rows).envelope;
    rows->reset();
    if (item.envelope.id() != hash) return damaged(path, "commit", hash);
    auto values = values_of(sql, path, item.envelope.header);
    if (!values) return values.error();
    item.values = std::move(*values);
    size += size_of(item);
    if (size > max_bytes && !items.empty()) return items;
    items.push_back(std::move(item));
  }
  return items;
}

base::Result<void> put_batch(Sql& sql, const Batch& batch) {
  auto done = put_values(sql, batch.persist.values);
  if (done) done = put_commits(sql, batch.persist.commits);
  if (done) done = run_for_each(sql, "UPDATE commits SET staged=0 WHERE hash=?", batch.persist.promote);
  if (done) done = run_for_each(sql, "DELETE FROM commits WHERE hash=? AND staged=1", batch.persist.drop);
  if (done) done = put_table(sql, Table::notes, batch.notes);
  if (done) done = put_table(sql, Table::pending, batch.pending);
  if (done) done = put_table(sql, Table::in_use, batch.in_use);
  if (done && !batch.persist.retire.empty()) done = put_table(sql, Table::pending, {{batch.persist.retire, std::nullopt}});
  return done;
}

}  // namespace postern::store
